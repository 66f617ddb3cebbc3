from .affine import Affine as Affine
from .crop_flip import CropFlip as CropFlip
from .in_turn import Augmentation as Augmentation
from .in_turn import InTurn as InTurn
from .rand_augment import RandAugment as RandAugment
