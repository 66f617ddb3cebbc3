from .captured_step import CapturedStep as CapturedStep
