from .batch_mean import BatchMeanCentroids as BatchMeanCentroids
from .learned import LearnedCentroids as LearnedCentroids
from .one_by_one import OneByOneCentroids as OneByOneCentroids
from .rule import CentroidRule as CentroidRule
from .rule import SparseRows as SparseRows
