from .metrics_csv import MetricsCSV as MetricsCSV
from .sample import Sample as Sample
from .tensorboard_tracker import TensorBoardTracker as TensorBoardTracker
from .tracker import Tracker as Tracker
from .tracker import recording as recording
from .wandb_tracker import WandbTracker as WandbTracker
