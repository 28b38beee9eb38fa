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
        scan: str = "best",
    ) -> None: ...
    def next(self) -> Batch | None: ...
    @property
    def consumed(self) -> int: ...
    @property
    def records(self) -> int: ...

class ItemIndex:
    """Benchmark items, to find those that samples hold."""

    def __init__(
        self,
        texts: list[str],
        n: int = 8,
        containment: tuple[int, int] = (7, 10),
        jaccard: tuple[int, int] = (4, 5),
    ) -> None: ...
    def __len__(self) -> int: ...
    @property
    def items_without_words(self) -> int: ...
    @property
    def short_items(self) -> int: ...
    @property
    def grams(self) -> int: ...
    @property
    def postings(self) -> int: ...

class ContaminationReader:
    """Reads one source, once, as tables of the samples that hold an item."""

    def __init__(
        self,
        index: ItemIndex,
        path: str,
        *,
        compression: str = "none",
        lines: bool = False,
        first_record_id: int = 0,
        threads: int = 1,
        max_record_bytes: int = 67_108_864,
        block_bytes: int = 4_194_304,
    ) -> None: ...
    def next(self) -> ArrowTable | None:
        """Columns record_id, item, shared, item_grams, sample_grams, exact, matched; None at the end."""

    @property
    def consumed(self) -> int: ...
    @property
    def records(self) -> int: ...

class TokenizerError(ValueError): ...
class UnsupportedTokenizer(ValueError): ...

class Tokenizer:
    """A tokenizer from a tokenizer.json: TokenizerError for a malformed one, UnsupportedTokenizer for another kind."""

    def __init__(self, content: bytes) -> None: ...
    def count(self, texts: object) -> ArrowTable:
        """Column tokens of a column of texts, without special tokens around them; 0 for a null."""

    def encode(self, text: str) -> list[int]: ...

class TokenReader:
    """Reads one source, once, as tables of token counts."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        path: str,
        *,
        compression: str = "none",
        lines: bool = False,
        first_record_id: int = 0,
        threads: int = 1,
        max_record_bytes: int = 67_108_864,
        block_bytes: int = 4_194_304,
    ) -> None: ...
    def next(self) -> ArrowTable | None:
        """Columns record_id, line, prompt, response, tokens, trained, longest; None at the end."""

    @property
    def consumed(self) -> int: ...
    @property
    def records(self) -> int: ...

def unsound_chat_lines(
    path: str, *, compression: str = "none", lines: bool = True, threads: int = 1, scan: str = "best"
) -> ArrowTable:
    """Columns record_id, line, unreadable, role_order, unknown_name, missing_response and empty_turn of the records
    that the checks Q101, Q103, Q104, Q105 or Q106 name, in reading order."""

def read_stretch(path: str, compression: str, offset: int, length: int) -> bytes: ...
def formats() -> list[tuple[str, str]]: ...
def detect_format(record: bytes) -> str: ...
def render_record(record: bytes, format: str) -> tuple[bytes, list[str]]: ...
def json_fault(text: bytes) -> str | None: ...
def json_fault_reference(text: bytes) -> str | None: ...
def choose_banding(threshold: float, recall: float) -> tuple[int, int]: ...
def expected_recall(bands: int, rows: int, similarity: float) -> float: ...
def minhash(shingles: list[int], bands: int, rows: int, seed: int, level: str) -> list[int]: ...

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

def simd_levels() -> list[str]:
    """The levels that this processor has, the best one last."""

def simd_level() -> str:
    """The level in use."""

def shingles(pieces: list[bytes], *, unit: str = "words", size: int = 5, level: str | None = None) -> list[int]:
    """The hashes of the shingles of a text, in order; unit: words, characters."""

def text_hash(pieces: list[bytes], *, unit: str = "words", level: str | None = None) -> int:
    """The hash of the words of a text in order, 0 where it has none."""

def spool(path: str, compression: str, out: str) -> None: ...

class KeyFileError(ValueError):
    """An index that is damaged or was made with other settings."""

class NearDuplicates:
    """Finds the near-duplicates among the records of plain files."""

    def __init__(
        self,
        *,
        field: str = "pair",
        unit: str = "words",
        ngram: int = 5,
        threshold: tuple[int, int] = (4, 5),
        recall: float = 0.9999,
        mode: str = "minhash",
        seed: int = 1,
        threads: int = 1,
        by_besides: bool = False,
    ) -> None: ...
    @property
    def banding(self) -> tuple[int, int]: ...
    def open_index(self, path: str) -> None: ...
    def open_keys(self, keys: str, name: str, path: str) -> None: ...
    def open_source(
        self,
        path: str,
        *,
        lines: bool = False,
        name: str | None = None,
        max_record_bytes: int = 67_108_864,
        block_bytes: int = 1_048_576,
        begin: int = 0,
        end: int | None = None,
    ) -> None: ...
    def read_more(self) -> bool: ...
    @property
    def consumed(self) -> int: ...
    def end_old(self) -> None: ...
    @property
    def records(self) -> int: ...
    @property
    def first_new(self) -> int: ...
    @property
    def sources(self) -> list[tuple[str, int, int, bool, str]]:
        """Name, first record, number of records, whether they are lines, the first fault of each."""

    def unreadable(self) -> list[int]: ...
    def known_again(self) -> list[tuple[str, str]]:
        """The new sources that an index has already, each with the name it has there."""

    def longest_first(self) -> list[int]: ...
    def line(self, record: int) -> int: ...
    def exclude(self, item_sources: list[str], records: list[tuple[int, int, int, float, float]]) -> None: ...
    def find(self, *, scope: str = "keepers", order: list[int] | None = None) -> None: ...
    def pairs(self) -> ArrowTable:
        """Columns a, b, shared, united: the matches of records that stand for themselves."""

    def clusters(self) -> ArrowTable:
        """Columns record, keeper, shared, united: the records that have a keeper."""

    def copies(self) -> ArrowTable:
        """Columns record, copy_of: the records whose words are those of another."""

    def components(self) -> ArrowTable:
        """Column component: the least record that each record is linked to."""

    def compare(self, a: list[int], b: list[int], field: str) -> ArrowTable:
        """Columns shared, united: how alike the records of each pair are by another field."""

    def funnel(self) -> dict[str, int]: ...
    def counts(self) -> dict[str, int]: ...
    def write_records(self, kept: str, removed: str, why: str) -> None: ...
    def write_pairs(self, path: str) -> int: ...
    def write_keys(self, path: str) -> None: ...
    def write_index(self, path: str) -> None: ...
