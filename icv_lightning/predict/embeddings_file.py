"""The embeddings of predicted pictures in a file: NumPy's, or Parquet for data frames."""

import io
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from icv_lightning.errors import UserError
from icv_lightning.records.files import write_bytes

SUFFIXES = (".npy", ".npz", ".parquet")


class EmbeddingsFile:
    """Rows of predictions with their embeddings, written when all are there.

    `.npy` holds the embeddings alone, float32 M x N in the order of the rows; `.npz` has them as
    `embeddings`, and an array for each column, `path` for `file`; `.parquet` has the columns and `embedding`.

    Args:
        path: file with one of these suffixes; its folder is created.

    Raises:
        UserError: another suffix, or Parquet without pyarrow.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix not in SUFFIXES:
            raise UserError(f"--embeddings {path}: must end with {', '.join(SUFFIXES)}")
        if path.suffix == ".parquet" and not find_spec("pyarrow"):
            raise UserError(f"--embeddings {path}: needs pip install 'icv-lightning[parquet]'")
        self.path = path
        self.rows: list[Mapping[str, Any]] = []
        self.embeddings: list[Any] = []

    def add(self, row: Mapping[str, Any], embedding: Any) -> None:
        """Keep one row: its columns, and N numbers."""
        self.rows.append(row)
        self.embeddings.append(embedding)

    def write(self) -> None:
        """Write the file, whole or not at all; raise `UserError` where there is no row, or no room."""
        import numpy as np

        if not self.rows:
            raise UserError(f"--embeddings {self.path}: no picture was read, nothing is written")
        matrix = np.asarray(self.embeddings, dtype=np.float32)
        columns = {key: [row[key] for row in self.rows] for key in self.rows[0]}
        file = io.BytesIO()
        if self.path.suffix == ".npy":
            np.save(file, matrix)
        elif self.path.suffix == ".npz":
            columns["path"] = columns.pop("file")  # a name that savez has for itself
            arrays: dict[str, Any] = {key: np.asarray(values) for key, values in columns.items()}
            np.savez(file, embeddings=matrix, **arrays)
        else:
            import pyarrow
            from pyarrow import parquet

            parquet.write_table(pyarrow.table({**columns, "embedding": list(matrix)}), file)
        try:
            write_bytes(self.path, file.getvalue())
        except OSError as error:
            raise UserError(f"--embeddings {self.path}: cannot be written ({error.strerror})") from error
