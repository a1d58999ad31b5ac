"""What a bundle says of itself to people: what is in it, and how to check the whole."""

README = "READ-ME.txt"
README_TEXT = """\
봉인된 통화 증거 (callmood)
==========================

이 파일(zip)은 통화 한 건에 대해 callmood가 알고 있던 것을 봉인 시점에 그대로 담은 것입니다.

  data/             증거 자체:
    bundle.json       통화 정보, 봉인한 사람과 시각, 사용된 플레이북
    transcript.txt    대화, 알림, 확인한 절차를 시간 순서로 읽기 쉽게 적은 것
    transcript.jsonl  같은 대화, 한 줄에 하나씩(JSON)
    alerts.json       알림: 근거, 권한 문장, 플레이북과 그 판
    steps.json        누가 언제 어떤 절차를 확인했는가
    feedback.json     알림에 대한 의견("틀렸어요" 포함)
    readings.json, moods.json, turns.json   판독, 고객 상태, 말 차례. 모두 추정입니다.
    clips/            고객의 음성. 녹음에 동의한 통화에만 있습니다.
  manifest-sha256.txt     data/ 안 모든 파일의 SHA-256
  tagmanifest-sha256.txt  그 밖의 파일의 SHA-256
  bagit.txt, bag-info.txt 이 폴더의 형식: BagIt(RFC 8493)

확인하는 방법
  1. 이 zip 파일의 SHA-256을 구해
         sha256sum FILE.zip                       (Windows: certutil -hashfile FILE.zip SHA256)
     데스크의 통화 화면, 또는 Kafka 토픽 seals.v1에 적힌 값과 비교합니다.
     이 값은 이 파일 밖에 있으므로, 같으면 봉인한 뒤로 한 바이트도 바뀌지 않은 것입니다.
  2. 안의 파일들은 압축을 푼 폴더에서 이렇게 확인합니다.
         sha256sum -c manifest-sha256.txt         (macOS: shasum -a 256 -c manifest-sha256.txt)
         sha256sum -c tagmanifest-sha256.txt
     BagIt을 아는 프로그램이라면 무엇이든 이 폴더를 확인할 수 있습니다.
  3. callmood evidence verify FILE.zip 이 이 모두를 한 번에 확인합니다.

이 봉인은 파일이 바뀌지 않았음을 보일 뿐입니다. 공인 타임스탬프가 아니며, 시각은 데스크가 돌던
컴퓨터의 시계를 따릅니다. 자동으로 추정한 내용이 옳다는 뜻도 아닙니다.


Sealed evidence of a call (callmood)
====================================

This zip holds what callmood knew of one call when it was sealed, as it was.

  data/             the evidence itself:
    bundle.json       the call, who sealed it and when, the playbooks that were used
    transcript.txt    the conversation, the alerts and the confirmed steps in order, to read
    transcript.jsonl  the same conversation, one JSON value a line
    alerts.json       alerts: reasons, the sentences suggested, playbooks with their versions
    steps.json        who confirmed which step, and when
    feedback.json     answers to alerts, also "this is wrong"
    readings.json, moods.json, turns.json   readings, moods, turns. All of them estimates.
    clips/            the customer's voice, only where recording was agreed to
  manifest-sha256.txt     the SHA-256 of every file in data/
  tagmanifest-sha256.txt  the SHA-256 of the files around it
  bagit.txt, bag-info.txt the form of this folder: BagIt (RFC 8493)

How to check it
  1. Take the SHA-256 of this zip
         sha256sum FILE.zip                       (Windows: certutil -hashfile FILE.zip SHA256)
     and compare it with the one on the call's page of the desk, or in the Kafka topic seals.v1.
     It lies outside this file: if both are the same, not one byte has changed since the sealing.
  2. The files inside: unpack it, and in its folder
         sha256sum -c manifest-sha256.txt         (macOS: shasum -a 256 -c manifest-sha256.txt)
         sha256sum -c tagmanifest-sha256.txt
     Any program that knows BagIt can check the folder, too.
  3. callmood evidence verify FILE.zip does all of this at once.

The seal shows that the file was not changed. It is no qualified timestamp: times are those of the
clock of the machine that the desk ran on. Nor does it say that the estimates inside are right.
"""
