from .backbone import Backbone as Backbone
from .convnet import ConvNet as ConvNet
from .embedding import Embedding as Embedding
from .embedding import LinearScores as LinearScores
from .face_descriptor import FaceDescriptor as FaceDescriptor
from .lenet_pp import LeNetPP as LeNetPP
from .standardize import Standardize as Standardize
