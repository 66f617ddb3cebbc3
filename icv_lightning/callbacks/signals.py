"""SIGTERM among several processes."""

import signal
import threading

import lightning as L


class OwnSIGTERM(L.Callback):
    """Give SIGTERM back the handler that it had before the trainer took it.

    The trainer's own tells the other processes from inside the handler, in the middle of whatever they
    exchange, and waits for ever.
    """

    def __init__(self) -> None:
        self.handler = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Set the handler."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self.handler)

    on_test_start = on_train_start
