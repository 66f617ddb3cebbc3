from .best import BestCheckpoint as BestCheckpoint
from .checkpoint import LastCheckpoint as LastCheckpoint
from .finite_loss import FiniteLoss as FiniteLoss
from .gallery import Gallery as Gallery
from .guard_rails import GuardRails as GuardRails
from .measured import MeasuredEmbeddings as MeasuredEmbeddings
from .snapshot import EmbeddingSnapshot as EmbeddingSnapshot
from .throughput import Throughput as Throughput
