"""Networks: uint8 images to embeddings. They know neither loss nor Lightning."""

from icv_lightning.nets.backbone import Backbone
from icv_lightning.nets.convnet import ConvNet
from icv_lightning.nets.embedding import Embedding, LinearScores
from icv_lightning.nets.face_descriptor import FaceDescriptor
from icv_lightning.nets.lenet_pp import LeNetPP
from icv_lightning.nets.standardize import Standardize

__all__ = ["Backbone", "ConvNet", "Embedding", "FaceDescriptor", "LeNetPP", "LinearScores", "Standardize"]
