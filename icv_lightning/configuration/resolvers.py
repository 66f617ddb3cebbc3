"""The resolvers that `conf/` uses, for OmegaConf: `${cell:}`, counts of classes and images, hardware."""

from omegaconf import DictConfig, OmegaConf

from icv_lightning import hardware
from icv_lightning.configuration.identity import identify
from icv_lightning.data import identities, sizes

FUNCTIONS = (
    identities.count_identities,
    identities.orl_count,
    sizes.class_count,
    sizes.count_classes,
    sizes.folder_images,
    sizes.folder_notes,
    sizes.folder_validation,
    sizes.identity_images,
    sizes.identity_notes,
    sizes.image_count,
    sizes.omniglot_images,
    sizes.orl_images,
    sizes.synthetic_images,
    hardware.cells_at_once,
    hardware.threads_each,
    hardware.default_gpu_share,
    hardware.eval_batch_size,
    hardware.fast_precision,
    hardware.cores,
    hardware.visible_gpus,
)


def register_resolvers() -> None:
    """Make the resolvers known."""

    def cell(*, _root_: DictConfig) -> str:
        return identify(_root_).name

    OmegaConf.register_new_resolver("cell", cell, replace=True)
    for function in FUNCTIONS:
        OmegaConf.register_new_resolver(function.__name__, function, replace=True)
