"""Tiny made-up corpora in the real layouts: good clips, bad rows, and what must come of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import soundfile as sf

from detectors.labels import Emotion
from detectors.voice.external.test_signals import synthesise_voice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from detectors.corpora.corpora import Clip


@dataclass(frozen=True)
class Told:
    """What a loader must say about one clip."""

    speaker: str
    sex: str
    emotion: Emotion | None
    script: str = ""
    intensity: str = ""
    arousal: float | None = None
    corpus: str = ""
    language: str = ""
    subset: str = ""

    @classmethod
    def by(cls, clip: Clip) -> Told:
        return cls(
            *(clip.speaker, clip.sex, clip.emotion, clip.script, clip.intensity, clip.arousal),
            *(clip.corpus, clip.language, clip.subset),
        )


@dataclass
class Tree:
    """A corpus on disk.

    Attributes:
        told: what must be listed, by the clip's path below the root.
        complaints: part of a line that must be told (place and reason), each exactly once.
    """

    root: Path
    told: dict[str, Told] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def sound(self, name: str, told: Told | None = None, *, ms: int = 500) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sf.write(path, synthesise_voice(ms).repeat(2), 16_000)
        if told is not None:
            self.told[name] = told

    def text(self, name: str, *lines: str, encoding: str = "utf-8", end: str = "\n") -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((end.join(lines) + end).encode(encoding))


def ravdess(root: Path) -> Tree:
    tree = Tree(root)
    shared = {"corpus": "ravdess", "language": "en"}
    tree.sound(
        "Actor_12/03-01-06-01-02-01-12.wav",
        Told("actor12", "F", Emotion.FEAR, "s2", "normal", subset="repetition 1", **shared),
    )
    tree.sound(
        "Actor_01/03-01-05-02-01-02-01.wav",
        Told("actor01", "M", Emotion.ANGER, "s1", "strong", subset="repetition 2", **shared),
    )
    tree.sound(
        "Actor_01/03-01-02-01-01-01-01.wav",
        Told("actor01", "M", Emotion.NEUTRAL, "s1", "normal", subset="repetition 1", **shared),
    )
    tree.sound("Actor_01/03-02-05-02-01-02-01.wav")  # a song
    tree.sound("Actor_01/01-01-05-02-01-02-01.wav")  # the sound of a video
    tree.sound("Actor_01/03-01-09-01-01-01-01.wav")
    tree.sound("Actor_01/mixdown.wav")
    tree.complaints = [
        "Actor_01/03-01-09-01-01-01-01.wav: unknown label '09'; known are 01, 02",
        "Actor_01/mixdown.wav: not a name like 03-01-06-01-02-01-12.wav",
    ]
    return tree


def crema_d(root: Path) -> Tree:
    tree = Tree(root)
    shared = {"corpus": "crema-d", "language": "en"}
    tree.text(
        "VideoDemographics.csv",
        '"ActorID","Age","Sex","Race","Ethnicity"',
        '1001,51,"Male","Caucasian","Not Hispanic"',
        '1002,21,"Female","Caucasian","Not Hispanic"',
    )
    tree.sound("AudioWAV/1001_DFA_ANG_XX.wav", Told("1001", "M", Emotion.ANGER, "DFA", **shared))
    tree.sound(
        "AudioWAV/1002_IEO_SAD_HI.wav", Told("1002", "F", Emotion.SADNESS, "IEO", "high", **shared)
    )
    tree.sound("AudioWAV/1040_ITH_SAD_X.wav", Told("1040", "", Emotion.SADNESS, "ITH", **shared))
    tree.sound("AudioWAV/1001_DFA_BOR_XX.wav")
    tree.sound("AudioWAV/1076_MTI_SAD_XX.wav", ms=0)
    tree.text("AudioWAV/1002_TAI_HAP_XX.wav", "version https://git-lfs.github.com/spec/v1")
    tree.complaints = [
        "1001_DFA_BOR_XX.wav: unknown label 'BOR'",
        "1076_MTI_SAD_XX.wav: 0 ms of sound are too short",
        "1002_TAI_HAP_XX.wav: only a pointer to a sound; fetch it with `git lfs pull`",
    ]
    return tree


def emodb(root: Path) -> Tree:
    tree = Tree(root)
    shared = {"corpus": "emodb", "language": "de"}
    tree.sound("wav/03a01Fa.wav", Told("spk03", "M", Emotion.JOY, "a01", **shared))
    tree.sound("wav/16b10Lb.wav", Told("spk16", "F", Emotion.BOREDOM, "b10", **shared))
    tree.sound("wav/08a02Wc.wav", Told("spk08", "F", Emotion.ANGER, "a02", **shared))
    tree.sound("wav/08a02Xc.wav")
    tree.sound("wav/anger.wav")
    tree.complaints = [
        "wav/08a02Xc.wav: unknown label 'X'; known are N, F, W, T, A, E, L",
        "wav/anger.wav: not a name like 03a01Fa.wav",
    ]
    return tree


def iemocap(root: Path) -> Tree:
    tree = Tree(root)
    shared = {"corpus": "iemocap", "language": "en"}
    wav = "IEMOCAP_full_release/Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01"
    tree.sound(
        f"{wav}_F000.wav",
        Told(
            "Ses01F",
            "F",
            Emotion.NEUTRAL,
            "impro01",
            "normal",
            0.375,
            subset="improvised",
            **shared,
        ),
    )
    # The man speaks, though the woman wears the markers.
    tree.sound(
        f"{wav}_M001.wav",
        Told("Ses01M", "M", Emotion.ANGER, "impro01", "high", 0.75, subset="improvised", **shared),
    )
    tree.sound(
        f"{wav}_F002.wav",
        Told("Ses01F", "F", None, "impro01", "low", 0.0, subset="improvised", **shared),
    )
    tree.text(
        "IEMOCAP_full_release/Session1/dialog/EmoEvaluation/Ses01F_impro01.txt",
        "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]",
        "",
        "[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]",
        "C-E2:\tNeutral;\t()",
        "A-E3:\tval 3; act 2; dom  2;\t()",
        "[10.0100 - 11.3925]\tSes01F_impro01_M001\tfru\t[2.5000, 4.0000, 2.5000]",
        "[12.0000 - 13.0000]\tSes01F_impro01_F002\txxx\t[2.5000, 1.0000, 2.5000]",
        "[14.0000 - 15.0000]\tSes01F_impro01_F003\tsleepy\t[2.5000, 1.0000, 2.5000]",
        "[16.0000 - 17.0000]\tSes01F_impro01_F004\tsad",
        "[18.0000 - 19.0000]\tSes01F_impro01_F005\tsad\t[2.5000, 1.0000, 2.5000]",
        end="\r\n",
    )
    script = "IEMOCAP_full_release/Session5/sentences/wav/Ses05M_script01_1b/Ses05M_script01_1b"
    tree.sound(
        f"{script}_F010.wav",
        Told("Ses05F", "F", Emotion.JOY, "script01_1b", "high", 1.0, subset="scripted", **shared),
    )
    tree.text(
        "IEMOCAP_full_release/Session5/dialog/EmoEvaluation/Ses05M_script01_1b.txt",
        "[1.0000 - 2.0000]\tSes05M_script01_1b_F010\texc\t[4.5000, 5.0000, 3.5000]",
    )
    tree.text("IEMOCAP_full_release/Session1/dialog/EmoEvaluation/._Ses01F_impro01.txt", "[junk")
    tree.text("IEMOCAP_full_release/Session1/dialog/EmoEvaluation/Categorical/Ses01F_e1.txt", "[")
    tree.complaints = [
        "Ses01F_impro01.txt:8: unknown label 'sleepy'",
        "Ses01F_impro01.txt:9: not [start - end], turn, emotion, [val, act, dom] between tabs",
        "Ses01F_impro01_F005.wav: no such sound file",
    ]
    return tree


AIHUB_HEADER = (
    "wav_id,발화문,상황,1번 감정,1번 감정세기,2번 감정,2번 감정세기,3번 감정,3번 감정세기,"
    "4번 감정,4번감정세기,5번 감정,5번 감정세기,나이,성별"
)


def _aihub_row(wav_id: str, votes: str, *, sentence: str = "헐!", age: int = 27) -> str:
    heard = ",".join(f"{vote},1" for vote in votes.split())
    return f'{wav_id},"{sentence}",anger,{heard},{age},male'


def aihub(root: Path) -> Tree:
    tree = Tree(root)
    shared = {"corpus": "aihub-263", "language": "ko"}
    tree.sound(
        "5차년도_2차/5f05fb0b.wav",
        Told("5차년도-M-27", "M", Emotion.ANGER, "헐! 왜, 또?", subset="age 27", **shared),
    )
    tree.sound(
        "4차년도/5e258fd1.wav",
        Told("4차년도-M-31", "M", Emotion.SADNESS, "헐!", subset="age 31", **shared),
    )
    tree.sound("5차년도_2차/5f060000.wav")
    tree.sound("5차년도_2차/5f060001.wav")
    tree.text(
        "5차년도_2차.csv",
        AIHUB_HEADER,
        _aihub_row("5f05fb0b", "Angry anger Neutral Angry Disgust", sentence="헐! 왜, 또?"),
        _aihub_row("5f060000", "Angry Angry Neutral Neutral Fear"),
        _aihub_row("5f060001", "Angry Angry Angry Bored Fear"),
        _aihub_row("5f060002", "Fear Fear Fear Fear Fear"),
        encoding="cp949",
        end="\r\n",
    )
    tree.text(
        "4차년도.csv",
        AIHUB_HEADER,
        _aihub_row("5e258fd1", "sadness Sad sad neutral happiness", age=31),
        encoding="utf-8-sig",
    )
    tree.text("설명.csv", "a,b", "1,2")
    tree.complaints = [
        "5차년도_2차.csv:4: unknown label 'bored'",
        "5차년도_2차.csv:5: no sound file 5f060002.wav",
        "5차년도_2차.csv: 1 clips left out: no three of five listeners agree",
        "설명.csv:1: no column wav_id, 1번 감정",
    ]
    return tree


def kemdy(root: Path) -> Tree:
    tree = Tree(root)
    header = "Numb,Wav,,ECG,,E4-EDA,,E4-TEMP,,Segment ID,Total Evaluation,,,Eval01F,,"
    second = (
        ",start,end,start,end,start,end,start,end,,Emotion,Valence,Arousal,Emotion,Valence,Arousal"
    )
    first = "1,0,1,0,1,0,1,0,1,Sess01_impro01_F001,angry,1.5,4.2,angry,1,5"
    lost = "3,0,1,0,1,0,1,0,1,Sess01_impro01_M002,neutral,3,3,neutral,3,3"
    tree.text("KEMDy19/annotation/Session01_F_res.csv", header, second, first, lost)
    tree.text(
        "KEMDy19/annotation/Session01_M_res.csv",
        header,
        second,
        first,  # the same segment again, beside his body signals
        "2,0,1,0,1,0,1,0,1,Sess01_impro01_M001,neutral;happy,3.4,3,neutral,3,3",
        lost,
    )
    actors = {"corpus": "kemdy19", "language": "ko"}
    folder = "KEMDy19/wav/Session01/Sess01_impro01"
    tree.sound(
        f"{folder}/Sess01_impro01_F001.wav",
        Told("Sess01F", "F", Emotion.ANGER, "impro01", "high", (4.2 - 1) / 4, **actors),
    )
    tree.sound(
        f"{folder}/Sess01_impro01_M001.wav",
        Told("Sess01M", "M", None, "impro01", "normal", 0.5, **actors),
    )
    tree.text(
        "KEMDy20_v1_1/annotation/Sess01_eval.csv",
        "Numb,Wav, ,Segment ID,Total Evaluation, .1, .2, Eval01F",
        ",start,end,,Emotion,Valence,Arousal,Emotion",
        "1,0,1,Sess01_script01_User002M_001,disqust,2,1.4,neutral",
        "2,0,1,Sess01_script01_User002M_002,bored,2,1.4,neutral",
        "3,0,1,User002M,neutral,2,1.4,neutral",
        "4,0,1,Sess01_script01_User002M_004,neutral;sad,2,none,neutral",
    )
    folder = "KEMDy20_v1_1/wav/Session01/Sess01_script01_User002M"
    people = {"corpus": "kemdy20", "language": "ko"}
    tree.sound(
        f"{folder}_001.wav",
        Told("User002M", "M", Emotion.DISGUST, "", "low", (1.4 - 1) / 4, **people),
    )
    tree.sound(f"{folder}_002.wav")
    tree.sound(f"{folder}_004.wav")
    tree.complaints = [
        "Session01_F_res.csv:4: no sound file Sess01_impro01_M002.wav",
        "Sess01_eval.csv:4: unknown label 'bored'",
        "Sess01_eval.csv:5: segment 'User002M' is not like",
        "Sess01_eval.csv:6: neither one emotion nor an arousal from 1 to 5",
    ]
    return tree


def manifest(root: Path) -> Tree:
    tree = Tree(root)
    tree.text(
        "clips/manifest.csv",
        "path,corpus,language,speaker,speaker_sex,emotion,intensity,arousal,subset,script_id,licence",
        "c1/z.wav,,ko,,,anger,,,,,",
        "c1/a.wav,,ko,c1,F,anger,,0.9,billing,,our customers' consent",
        'clips/c1/b.wav,callback,ko,c1,F,joy,,,,s1,"two\nlines"',
        "c2/c.wav,,ko,c2,,,low,,,,",
        "c2/d.wav,,ko,c2,,furious,,,,,",
        "c2/e.wav,,ko,,,anger,,,,,",
        "c2/f.wav,,ko,c2,,anger",
        "c2/g.wav,,ko,c2,,,,,,,",
        "c2/h.wav,,ko,c2,,anger,,87,,,",
        '"c2/broken.wav",,ko,c2,,anger,,,,,',
    )
    shared = {"language": "ko"}
    tree.sound(
        "clips/c1/a.wav",
        Told("c1", "F", Emotion.ANGER, "", "high", 0.9, "own", subset="billing", **shared),
    )
    tree.sound("clips/c1/b.wav", Told("c1", "F", Emotion.JOY, "s1", corpus="callback", **shared))
    tree.sound("clips/c2/c.wav", Told("c2", "", None, "", "low", corpus="own", **shared))
    tree.text("clips/c2/broken.wav", "not a sound")
    tree.complaints = [
        "manifest.csv:7: unknown label 'furious'",
        "manifest.csv:2: no speaker",
        "manifest.csv:8: no speaker",
        "manifest.csv:9: 6 fields where the header has 11",
        "manifest.csv:10: neither an emotion nor an arousal nor an intensity",
        "manifest.csv:11: arousal '87' is not a number from 0 to 1",
        "broken.wav: not a sound file that can be read",
    ]
    return tree


TREES: dict[str, Callable[[Path], Tree]] = {
    "ravdess": ravdess,
    "crema-d": crema_d,
    "emodb": emodb,
    "iemocap": iemocap,
    "aihub": aihub,
    "kemdy": kemdy,
    "manifest": manifest,
}
