"""The command line: `rapporteur ask | chat | check | quote | brief | verify | serve | …`."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import platformdirs
from rich.console import Console

from assistant import storage
from assistant.answer import Answer, Assistant
from assistant.builder import Built, Export, build, plan
from assistant.changes import Keep
from assistant.claims import ClaimChecker
from assistant.columns import parse_map
from assistant.conversation.conversation import Conversation
from assistant.corpus import read_corpus
from assistant.doctor import examine, sound
from assistant.dossier import Turn
from assistant.errors import LibraryError, RapporteurError, SourceError
from assistant.evaluate import by_kind, claim_scores, evaluate, evaluate_claims
from assistant.filters import Filters
from assistant.library import Library
from assistant.milvus.address import SCHEME, Address
from assistant.milvus.uses import briefer_of, quotations_of
from assistant.questions import holds_claims, read_judged, read_judged_claims
from assistant.reader import CrossReader
from assistant.receipt import Verifier
from assistant.speech import Speech
from embeddings.dense import KINDS, MOST_8BIT, MOST_FLAT
from embeddings.export import export_encoder
from embeddings.shipped import ENCODER_NAME, place_encoder
from ui import batch, chat, contract, export, terminal
from ui.export import FORMATS
from ui.export.conversation import conversation_dossier
from ui.milvus import open_store, store_index
from ui.progress import ProgressView
from ui.wording import counted

SEEDS = Path(__file__).resolve().parents[1] / "seeds"
_WARNINGS_SHOWN = 10
_FILTERS = (
    "country", "speaker", "symbol", "topic", "language", "role", "since", "until", "period"
)  # fmt: skip
_TABLE_WIDTH = 160
_HOST, _PORT = "127.0.0.1", 7860


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns 0 if all went well, 1 on an expected error; argparse exits with 2."""
    if sys.stdout is None or sys.stderr is None:
        return 1  # closed by whoever started this, so there is nobody to tell
    # A terminal that cannot show a character shows its number; nothing is left out.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except RapporteurError as error:
        return _fail(str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        return _fail(f"{what}{error.strerror or error}")
    except KeyboardInterrupt:
        return 130


def default_library() -> Path:
    """The library that is used when none is named, in the user's data folder."""
    return platformdirs.user_data_path("rapporteur") / "library"


def _fail(line: str) -> int:
    sys.stderr.write(f"rapporteur: {terminal.shown(line)}\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rapporteur",
        description="Ask what was said in the Security Council; get the speakers' own words.",
    )
    parser.add_argument(
        "--version", action="version", version=f"rapporteur {version('rapporteur')}"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    index = _command(commands, "index", _index, "build a library from speeches")
    index.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="a text file, a record as PDF, a table (CSV, TSV, JSON Lines, Parquet) or a folder",
    )
    index.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="FIELD=COLUMN,…",
        help="what the columns of a table hold, where their names do not tell: text=Body,date=When",
    )
    index.add_argument(
        "--add",
        action="store_true",
        help="keep what the library holds, but for files of the same names; without it the "
        "library is afterwards exactly what was named",
    )
    index.add_argument(
        "--remove",
        action="append",
        default=[],
        metavar="NAME",
        help="take a speech, or all speeches of a file, out of the library and keep the others; "
        "may be given several times",
    )
    index.add_argument(
        "--dry-run", action="store_true", help="tell what would be done, and write nothing"
    )
    index.add_argument(
        "--model",
        help="name or folder of a sentence-transformers model; without it the library's own "
        "model is kept, and a new library gets the one that ships with Rapporteur",
    )
    index.add_argument(
        "--kind",
        choices=KINDS,
        help="how vectors are searched: flat (exact), 8bit (a quarter of the memory) or hnsw (a "
        f"graph); without it by their number, flat up to {MOST_FLAT:,}, 8bit up to {MOST_8BIT:,}",
    )

    index.add_argument(
        "--only",
        action="store_true",
        help="of a library on Milvus, remove the speeches that are not in PATH; a folder always "
        "becomes the library of just these",
    )

    ask = _command(commands, "ask", _ask, "answer a question, or a file of questions")
    ask.add_argument("question", nargs="?", help="in plain words")
    ask.add_argument("--questions", type=Path, metavar="IN.jsonl", help="one JSON object a line")
    ask.add_argument("--output", type=Path, metavar="OUT.jsonl", help="standard output without it")
    _add_filters(ask)

    talk = _command(commands, "chat", _chat, "ask in turn, each question building on those before")
    talk.add_argument(
        "turns", nargs="*", metavar="TURN", help="without any they are read line by line"
    )
    talk.add_argument("--output", type=Path, metavar="FILE", help="document to write of it")
    talk.add_argument("--format", choices=FORMATS, help="of the document; else as FILE is named")
    _add_filters(talk)

    check = _command(commands, "check", _check, "check a claim, or a file of claims")
    check.add_argument("claim", nargs="?", help="one sentence or several")
    check.add_argument("--claims", type=Path, metavar="IN.jsonl", help="one JSON object a line")
    check.add_argument(
        "--output", type=Path, metavar="OUT.jsonl", help="standard output without it"
    )
    _add_filters(check)
    quote = _command(commands, "quote", _quote, "check a quotation, or a file of quotations")
    quote.add_argument("quotation", nargs="?", help="the words, as they are quoted")
    quote.add_argument("--quotations", type=Path, metavar="IN.jsonl", help="one JSON object a line")
    quote.add_argument(
        "--output", type=Path, metavar="OUT.jsonl", help="standard output without it"
    )
    _add_filters(quote, "what the quotation is said to be from")

    brief = _command(commands, "brief", _brief, "what was said on topics, by delegation")
    brief.add_argument("subjects", nargs="*", metavar="TOPIC", help="a topic or a question")
    brief.add_argument("--topics", type=Path, metavar="IN.jsonl", help="one JSON object a line")
    brief.add_argument(
        "--output", type=Path, metavar="FILE", help="document to write; of --topics JSON Lines"
    )
    brief.add_argument("--format", choices=FORMATS, help="of the document; else as FILE is named")
    brief.add_argument(
        "--most", type=_most, metavar="N", help="quotes of each delegation in a document"
    )
    _add_filters(brief)
    verify = _command(commands, "verify", _verify, "check what a document quotes once more")
    verify.add_argument("file", type=Path, metavar="FILE", help="an export, or answers as JSON")

    speeches = _command(commands, "speeches", _speeches, "list the speeches, or show one")
    speeches.add_argument("action", nargs="?", choices=("list", "show"), default="list")
    speeches.add_argument("speech", nargs="?", help="id of the speech to show")
    _add_filters(speeches)

    measure = _command(commands, "eval", _eval, "measure the answers on judged questions or claims")
    measure.add_argument(
        "file", type=Path, metavar="FILE", help="judged questions or claims, JSON Lines"
    )
    measure.add_argument("--split", help="only the questions of this split")

    _command(commands, "doctor", _doctor, "check a library, and what it needs")

    serve = _command(commands, "serve", _serve, "open the page")
    serve.add_argument("--host", default=_HOST, help=f"address to listen on (default {_HOST})")
    serve.add_argument("--port", type=_port, default=_PORT, help=f"(default {_PORT})")
    return parser


def _command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], help_: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help_, description=help_)
    parser.set_defaults(run=run, usage_error=parser.error)
    parser.add_argument(
        "--library",
        type=_folder,
        metavar="DIR",
        help="folder of the library, or milvus:ADDRESS; without it the one in the user's data "
        "folder, which is built from the five speeches at first use",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _add_filters(parser: argparse.ArgumentParser, title: str = "filters") -> None:
    group = parser.add_argument_group(title)
    group.add_argument("--country", help="delegation")
    group.add_argument("--speaker", help="name of the speaker")
    group.add_argument("--symbol", help="of the meeting, such as S/PV.8349")
    group.add_argument("--topic", help="words of the agenda item")
    group.add_argument("--language", help="language it was delivered in")
    group.add_argument(
        "--role", help="part taken in the meeting, or capacity: Guest, The President"
    )
    group.add_argument("--since", help="first day: YYYY, YYYY-MM or YYYY-MM-DD")
    group.add_argument("--until", help="last day, written likewise")
    group.add_argument("--period", help="a year, month or day, or two of them: 2018..2020")


def _port(value: str) -> int:
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(value)


def _most(value: str) -> int:
    if not value.isdecimal() or not int(value):
        raise argparse.ArgumentTypeError("a number from 1 on")
    return int(value)


def _folder(value: str) -> Path | Address:
    if not value.strip():
        raise argparse.ArgumentTypeError("name a folder")
    if value.startswith(SCHEME):
        try:
            return Address.parse(value)
        except LibraryError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
    return Path(value)


def _filters(options: argparse.Namespace) -> Filters:
    return Filters.from_mapping({name: getattr(options, name) for name in _FILTERS})


# index


def _index(options: argparse.Namespace) -> int:
    if not (options.paths or options.remove):
        options.usage_error("name a file or a folder with speeches, or --remove a speech")
    folder = options.library or default_library()
    columns = parse_map(options.map)
    if isinstance(folder, Address):
        _refuse_for_milvus(options)
    elif options.only:
        options.usage_error("--only is for a library on Milvus; a folder holds just what PATH has")
    elif options.remove:
        _check_names(Library.open(folder), options.remove)
    with ProgressView(Console(stderr=True)) as progress:
        corpus = read_corpus(options.paths, partial(progress, "Reading files"), columns)
        if options.paths and not corpus.speeches:
            _tell_problems(corpus.problems)
            raise SourceError("no speech could be read; the library is left as it was")
        if isinstance(folder, Address):
            built = store_index(folder, corpus.speeches, options.model, options.only, progress)
        else:
            run = plan if options.dry_run else build
            built = run(
                folder,
                corpus.speeches,
                _export(folder, options.model),
                progress,
                options.kind,
                _kept(options, corpus.speeches),
            )
    if options.model not in (None, ENCODER_NAME):
        calibrated = f"refusals are calibrated for {ENCODER_NAME}, not for {options.model}"
        corpus.warnings.insert(0, calibrated)
    if options.json:
        told = {"problems": corpus.problems, "warnings": corpus.warnings}
        written = {"dry_run": True} if options.dry_run else {}
        _print_json({"library": str(folder), **asdict(built), **written, **told})
        return 1 if corpus.problems else 0
    _tell_warnings(corpus.warnings)
    line = _built_line(built, folder)
    _say(f"would be {line}; nothing was written" if options.dry_run else line)
    return _tell_problems(corpus.problems)


def _kept(options: argparse.Namespace, new: Sequence[Speech]) -> Keep | None:
    """What of the library stays: what is neither removed nor named again."""
    if not (options.add or options.remove):
        return None
    files, ids = {speech.file for speech in new}, {speech.id for speech in new}
    removed = set(options.remove)

    def keep(speech: Speech) -> bool:
        return not (speech.file in files or speech.id in ids or removed & {speech.id, speech.file})

    return keep


def _check_names(library: Library, names: Sequence[str]) -> None:
    """Raises LibraryError for a name that is none of a speech, or of a file of speeches."""
    held = {name for speech in library.speeches.values() for name in (speech.id, speech.file)}
    for name in names:
        if name not in held:
            raise LibraryError(
                f"no speech {name!r} in this library, so nothing was changed; "
                "rapporteur speeches lists them"
            )


def _refuse_for_milvus(options: argparse.Namespace) -> None:
    """Options that say nothing of a library on Milvus, which keeps what it holds unless told."""
    if options.kind:
        options.usage_error("--kind is for a folder; on Milvus write ?index= after the address")
    for name in ("add", "remove", "dry_run"):
        if getattr(options, name):
            told = "--" + name.replace("_", "-")
            options.usage_error(f"{told} is for a folder; on Milvus speeches are always added")


def _export(folder: Path, model: str | None) -> Export | None:
    """None to keep the encoder that a sound library carries, which spares importing torch."""
    if model is None and storage.sound_state(folder):
        return None
    if model in (None, ENCODER_NAME):
        return place_encoder
    return partial(export_encoder, model)


def _tell_warnings(warnings: Sequence[str]) -> None:
    for line in warnings[:_WARNINGS_SHOWN]:
        sys.stderr.write(f"note: {terminal.shown(line)}\n")
    if len(warnings) > _WARNINGS_SHOWN:
        more = len(warnings) - _WARNINGS_SHOWN
        sys.stderr.write(f"note: and {more} more of these; --json lists all\n")


def _tell_problems(problems: Sequence[str]) -> int:
    """A line for each; the exit status."""
    for line in problems:
        _fail(line)
    return 1 if problems else 0


def _built_line(built: Built, folder: Path | Address) -> str:
    counts = (
        counted(built.speeches, "speech", "speeches"),
        counted(built.passages, "passage"),
        f"{counted(built.embedded, 'text')} embedded",
    )
    changes = ", ".join(
        f"{getattr(built, what):,} {what}" for what in ("added", "changed", "removed", "unchanged")
    )
    # Of a new library there is nothing to compare.
    new = built.added == built.speeches and not built.removed
    return f"{', '.join(counts)}{'' if new else f' ({changes})'}: {folder}"


def open_library(folder: Path | Address | None) -> Library:
    """Open the library that was named, or the default one, built from the seeds at first use."""
    if isinstance(folder, Address):
        # It offers all that is used of a library by those who ask.
        return cast(Library, open_store(folder))
    if folder is not None:
        return Library.open(folder)
    default = default_library()
    if not storage.exists(default):
        sys.stderr.write("Building the library of the five speeches (once) …\n")
        with ProgressView(Console(stderr=True)) as progress:
            build(default, read_corpus([SEEDS]).speeches, place_encoder, progress)
    elif earlier := storage.earlier_speeches(default):
        sys.stderr.write("Building the library again, in the form of this version (once) …\n")
        with ProgressView(Console(stderr=True)) as progress:
            build(default, earlier, place_encoder, progress)
    return Library.open(default)


def open_assistant(folder: Path | Address | None) -> Assistant:
    """An assistant for the library that was named, or for the default one."""
    library = open_library(folder)
    reader = CrossReader.shipped(library)
    if not reader.calibrated:
        sys.stderr.write(
            "note: this library has another encoder; refusals and the strength of a match are "
            f"calibrated for {ENCODER_NAME}\n"
        )
    return Assistant(library, reader)


# ask


def _ask(options: argparse.Namespace) -> int:
    if (options.question is None) == (options.questions is None):
        options.usage_error("give a question, or a file of questions with --questions")
    if options.output is not None and options.questions is None:
        options.usage_error("--output is for the answers to --questions")
    filters = _filters(options)
    assistant = open_assistant(options.library)
    if options.questions is not None:
        with ProgressView(Console(stderr=True)) as progress:
            show = partial(progress, "Asking")
            problems = batch.ask(assistant, options.questions, options.output, filters, show)
        return _tell_problems(problems)
    answer = Conversation(assistant).ask(options.question, filters)
    if options.json:
        _print_json(contract.answer_record(answer))
    else:
        _console().print(terminal.answer_view(answer))
    return 0


# chat


def _chat(options: argparse.Namespace) -> int:
    if options.format is not None and options.output is None:
        options.usage_error("--format is for the document that --output names")
    chosen = export.chosen_format(options.format, options.output) if options.output else None
    filters = _filters(options)
    assistant = open_assistant(options.library)
    console, said = _console(), list[Turn]()
    # Who types a question has it before his eyes.
    echoed = bool(options.turns) or not sys.stdin.isatty()

    def show(answer: Answer, first: int) -> None:
        said.append(Turn(answer.question, answer))
        if not options.json:
            console.print(terminal.turn_view(answer, first, echoed))

    def problem(question: str, line: str) -> None:
        said.append(Turn(question, line))
        _fail(line)

    turns = options.turns or chat.typed_lines(sys.stdin)
    chat.talk(assistant, turns, filters, show, problem)
    answers = [turn.outcome for turn in said if isinstance(turn.outcome, Answer)]
    if options.json:
        _print_json({"turns": [contract.answer_record(answer) for answer in answers]})
    if chosen:
        dossier = conversation_dossier("", said, assistant.library)
        export.write(dossier, chosen, options.output)
    return 0 if len(answers) == len(said) else 1


# check


def _check(options: argparse.Namespace) -> int:
    if (options.claim is None) == (options.claims is None):
        options.usage_error("give a claim, or a file of claims with --claims")
    if options.output is not None and options.claims is None:
        options.usage_error("--output is for the answers to --claims")
    filters = _filters(options)
    checker = ClaimChecker.shipped(open_library(options.library))
    if options.claims is not None:
        with ProgressView(Console(stderr=True)) as progress:
            show = partial(progress, "Checking")
            problems = batch.check(checker, options.claims, options.output, filters, show)
        return _tell_problems(problems)
    checked = checker.check(options.claim, filters)
    if options.json:
        _print_json(contract.claim_record(options.claim, checked))
    else:
        _console().print(terminal.claims_view(checked))
    return 0


# quote


def _quote(options: argparse.Namespace) -> int:
    if (options.quotation is None) == (options.quotations is None):
        options.usage_error("give a quotation, or a file of quotations with --quotations")
    if options.output is not None and options.quotations is None:
        options.usage_error("--output is for the checks of --quotations")
    filters = _filters(options)
    quotations = quotations_of(open_library(options.library))
    if options.quotations is not None:
        with ProgressView(Console(stderr=True)) as progress:
            show = partial(progress, "Checking")
            problems = batch.quote(quotations, options.quotations, options.output, filters, show)
        return _tell_problems(problems)
    check = quotations.check(options.quotation, filters=filters)
    if options.json:
        _print_json(contract.quotation_record(check))
    else:
        _console().print(terminal.quotation_view(check))
    return 0


# brief, verify


def _brief(options: argparse.Namespace) -> int:
    if bool(options.subjects) == (options.topics is not None):
        options.usage_error("give topics, or a file of topics with --topics")
    if options.topics is not None and options.format is not None:
        options.usage_error("--format is for topics given here; --topics writes JSON Lines")
    chosen = None
    if options.topics is None and (options.format or options.output):
        chosen = export.chosen_format(options.format, options.output)
    filters = _filters(options)
    library = open_library(options.library)
    with ProgressView(Console(stderr=True)) as progress:
        show = partial(progress, "Briefing")
        briefer = briefer_of(library)
        if options.topics is not None:
            problems = batch.brief(briefer, options.topics, options.output, filters, show)
            return _tell_problems(problems)
        briefing = briefer.brief(options.subjects, filters, show)
    if chosen:
        dossier = export.briefing_dossier(briefing, library, options.most)
        export.write(dossier, chosen, options.output)
    elif options.json:
        _print_json([contract.sheet_record(sheet) for sheet in briefing.sheets])
    else:
        _console().print(terminal.briefing_view(briefing))
    return 0


def _verify(options: argparse.Namespace) -> int:
    document = export.read(options.file)
    folder = options.library
    if folder is None and not storage.exists(default_library()):
        open_library(None)  # built from the seeds at first use
    verified = _verifier(folder or default_library()).verify(document)
    if options.json:
        _print_json(contract.verified_record(verified))
    else:
        _console().print(terminal.verified_view(verified))
    return 0 if verified.exact else 1


def _verifier(folder: Path | Address) -> Verifier:
    if isinstance(folder, Address):
        library = open_library(folder)
        return Verifier(library.speeches, library.corpus_hash())
    return Verifier.open(folder)


# speeches, eval, serve


def _speeches(options: argparse.Namespace) -> int:
    if (options.action == "show") != (options.speech is not None):
        options.usage_error("name a speech after show, and only there")
    library = open_library(options.library)
    if options.action == "show":
        return _show(library, options.speech, options.json)
    filters = _filters(options)
    found = [speech for speech in library.speeches.in_order() if filters.match(speech)]
    if options.json:
        _print_json([contract.speech_record(speech) for speech in found])
    elif found:
        _console(table=True).print(terminal.speeches_view(found))
    else:
        _say("No speech matches these filters.")
    return 0


def _show(library: Library, id_: str, as_json: bool) -> int:
    if id_ not in library.speeches:
        raise LibraryError(f"no speech {id_!r}; rapporteur speeches lists them")
    speech = library.speeches[id_]
    if as_json:
        _print_json(contract.speech_record(speech, with_text=True))
    else:
        _console().print(terminal.speech_view(speech))
    return 0


def _eval(options: argparse.Namespace) -> int:
    if holds_claims(options.file):
        return _eval_claims(options)
    questions = read_judged(options.file, options.split)
    assistant = open_assistant(options.library)
    with ProgressView(Console(stderr=True)) as progress:
        table = by_kind(evaluate(assistant, questions, partial(progress, "Asking")))
    if options.json:
        _print_json({kind: asdict(scores) for kind, scores in table.items()})
    else:
        _console(table=True).print(terminal.scores_view(table))
    return 0


def _eval_claims(options: argparse.Namespace) -> int:
    claims = read_judged_claims(options.file, options.split)
    checker = ClaimChecker.shipped(open_library(options.library))
    with ProgressView(Console(stderr=True)) as progress:
        outcomes = evaluate_claims(checker, claims, partial(progress, "Checking"))
    scores = claim_scores(outcomes)
    if options.json:
        _print_json(asdict(scores))
    else:
        _console(table=True).print(terminal.claim_scores_view(scores))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    folder = options.library or default_library()
    if isinstance(folder, Address):
        options.usage_error(
            "doctor checks a library in a folder; on Milvus each speech is checked when it is read"
        )
    with ProgressView(Console(stderr=True)) as progress:
        checks = examine(folder, progress)
    if options.json:
        told = {"library": str(folder), "sound": sound(checks)}
        _print_json(told | {"checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            remedy = f": {check.remedy}" if check.remedy else ""
            _say(f"{check.state:8}{check.name:14}{check.told}{remedy}")
    return 0 if sound(checks) else 1


def _serve(options: argparse.Namespace) -> int:
    assistant = open_assistant(options.library)
    folder = options.library or default_library()
    from ui.page.app import launch  # here, for it imports gradio

    if options.host not in ("127.0.0.1", "localhost", "::1"):
        sys.stderr.write("note: the page can be reached from other machines\n")
    # Flushed, for whoever reads it through a pipe while the page is served.
    launch(
        assistant,
        options.host,
        options.port,
        # What is in a store is read anew for each question; there is no state to watch for.
        folder=None if isinstance(folder, Address) else folder,
        ready=lambda url: print(f"Rapporteur is at {url} (Ctrl+C stops it)", flush=True),  # noqa: T201
    )
    return 0


def _console(table: bool = False) -> Console:
    """For prose no wider than is read with ease; for tables as wide as they need."""
    console = Console()
    if table and not console.is_terminal:
        console.width = max(console.width, _TABLE_WIDTH)
    elif not table:
        console.width = min(console.width, terminal.QUOTE_WIDTH + 4)
    return console


def _say(line: str) -> None:
    sys.stdout.write(terminal.shown(line) + "\n")


def _print_json(record: Any) -> None:
    sys.stdout.write(json.dumps(record, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
