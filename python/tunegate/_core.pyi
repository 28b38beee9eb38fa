"""The measuring core of tunegate: reading, formats and text measures in C++."""

class ReadError(OSError):
    """A file cannot be read on."""

class ArrowTable:
    """Columns that Arrow libraries read without a copy."""

    def __len__(self) -> int: ...
    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: ...
    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...

class Batch:
    """The records of one stretch of a source as Arrow tables."""

    @property
    def record_count(self) -> int: ...
    @property
    def sample_count(self) -> int: ...
    @property
    def records(self) -> ArrowTable: ...
    @property
    def samples(self) -> ArrowTable: ...
    @property
    def messages(self) -> ArrowTable: ...

class SourceReader:
    """Reads one source, once, as batches in reading order."""

    def __init__(
        self,
        path: str,
        *,
        compression: str = "none",
        lines: bool = False,
        category: str = "category",
        difficulty: str = "difficulty",
        split: str = "split",
        default_split: str | None = None,
        first_record_id: int = 0,
        threads: int = 1,
        max_record_bytes: int = 67_108_864,
        block_bytes: int = 4_194_304,
    ) -> None: ...
    def next(self) -> Batch | None: ...
    @property
    def consumed(self) -> int: ...
    @property
    def records(self) -> int: ...

def read_stretch(path: str, compression: str, offset: int, length: int) -> bytes: ...
def formats() -> list[tuple[str, str]]: ...
def detect_format(record: bytes) -> str: ...
def render_record(record: bytes, format: str) -> tuple[bytes, list[str]]: ...
def json_fault(text: bytes) -> str | None: ...
def json_fault_reference(text: bytes) -> str | None: ...

BROKEN_KINDS: tuple[str, ...]
TEMPLATE_MARKERS: tuple[str, ...]
TOOL_FAULTS: tuple[str, ...]

def copy_texts(texts: object) -> ArrowTable:
    """Column text: the same texts in one stretch of memory, whatever chunks and layout they came in."""

def blank(texts: object) -> ArrowTable:
    """Column blank: whether a reader would see nothing; a null is blank."""

def broken_text(texts: object) -> ArrowTable:
    """Columns mojibake, control, zero_width, replacement and kind, start, end of the first finding."""

def template_leak(texts: object, roles: object) -> ArrowTable:
    """Columns marker, start, end of the first residue of a chat template, null where there is none."""

def tool_use(tools: object, messages: object) -> ArrowTable:
    """Columns calls, broken, fault, message of each sample."""
