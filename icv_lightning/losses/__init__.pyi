from .combined import CombinedLoss as CombinedLoss
from .discriminant import DiscriminantLoss as DiscriminantLoss
from .discriminant import discriminant as discriminant
from .discriminant import inter_class_variance as inter_class_variance
from .intra_class_variance import IntraClassVarianceLoss as IntraClassVarianceLoss
from .intra_class_variance import intra_class_variance as intra_class_variance
from .metric_learning import MetricLearningLoss as MetricLearningLoss
