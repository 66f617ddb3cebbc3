from .groups import parameter_groups as parameter_groups
from .schedule import Schedule as Schedule
from .schedule import one_cycle as one_cycle
from .schedule import restore as restore
from .sparse_adam import AdamWithSparseRows as AdamWithSparseRows
