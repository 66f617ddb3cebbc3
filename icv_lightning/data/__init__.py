"""Data: LightningDataModules that serve uint8 batches. They know no model."""

from icv_lightning.data.cifar import CIFARDataModule
from icv_lightning.data.datamodule import ImageDataModule
from icv_lightning.data.digits import DigitsDataModule
from icv_lightning.data.emnist import EMNISTDataModule
from icv_lightning.data.faces import FacesDataModule
from icv_lightning.data.image_folder import ImageFolderDataModule
from icv_lightning.data.mnist import MNISTDataModule
from icv_lightning.data.omniglot import OmniglotDataModule
from icv_lightning.data.orl import ORLDataModule
from icv_lightning.data.synthetic_identities import SyntheticIdentitiesDataModule

__all__ = [
    "CIFARDataModule",
    "DigitsDataModule",
    "EMNISTDataModule",
    "FacesDataModule",
    "ImageDataModule",
    "ImageFolderDataModule",
    "MNISTDataModule",
    "ORLDataModule",
    "OmniglotDataModule",
    "SyntheticIdentitiesDataModule",
]
