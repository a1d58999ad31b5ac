-- What the callmood before migrations made on PostgreSQL (metadata.create_all).
CREATE TABLE alerts (
    alert_id VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL,
    playbook_id VARCHAR NOT NULL,
    playbook_version INTEGER NOT NULL,
    level VARCHAR NOT NULL,
    at_ms INTEGER NOT NULL,
    step INTEGER NOT NULL,
    title JSON NOT NULL,
    suggestion JSON NOT NULL,
    why JSON NOT NULL,
    reasons JSON NOT NULL,
    cause_ids JSON NOT NULL,
    actions JSON NOT NULL,
    sensitive VARCHAR,
    language VARCHAR,
    advised_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (alert_id)
);
CREATE INDEX ix_alerts_call_id ON alerts (call_id);
CREATE INDEX ix_alerts_sensitive ON alerts (sensitive);
CREATE TABLE calls (
    call_id VARCHAR NOT NULL,
    agent_id VARCHAR NOT NULL,
    queue VARCHAR NOT NULL,
    caller VARCHAR NOT NULL,
    language VARCHAR NOT NULL,
    notice_given BOOLEAN NOT NULL,
    analysis_consent BOOLEAN NOT NULL,
    recording_consent BOOLEAN NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    duration_ms INTEGER,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sifted_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (call_id)
);
CREATE INDEX ix_calls_agent_id ON calls (agent_id);
CREATE INDEX ix_calls_caller ON calls (caller);
CREATE INDEX ix_calls_seen_at ON calls (seen_at);
CREATE TABLE clips (
    clip_id VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    file VARCHAR NOT NULL,
    spoken_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (clip_id)
);
CREATE INDEX ix_clips_call_id ON clips (call_id);
CREATE INDEX ix_clips_spoken_at ON clips (spoken_at);
CREATE TABLE corrections (
    correction_id VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    segment_id VARCHAR NOT NULL,
    voice_label VARCHAR,
    text_label VARCHAR,
    topics JSON NOT NULL,
    text VARCHAR,
    trainer VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (correction_id)
);
CREATE INDEX ix_corrections_at ON corrections (at);
CREATE INDEX ix_corrections_call_id ON corrections (call_id);
CREATE INDEX ix_corrections_segment_id ON corrections (segment_id);
CREATE TABLE desk (
    name VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE feedback (
    feedback_id VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL,
    alert_id VARCHAR NOT NULL,
    verdict VARCHAR NOT NULL,
    given_by VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (feedback_id)
);
CREATE INDEX ix_feedback_alert_id ON feedback (alert_id);
CREATE INDEX ix_feedback_call_id ON feedback (call_id);
CREATE TABLE moods (
    mood_id VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    label VARCHAR NOT NULL,
    scores JSON NOT NULL,
    strain FLOAT NOT NULL,
    level VARCHAR NOT NULL,
    level_since_ms INTEGER NOT NULL,
    trend VARCHAR NOT NULL,
    shift BOOLEAN NOT NULL,
    disagreement BOOLEAN NOT NULL,
    contrast VARCHAR,
    arousal FLOAT,
    valence FLOAT,
    PRIMARY KEY (mood_id)
);
CREATE INDEX ix_moods_call_id ON moods (call_id);
CREATE TABLE readings (
    reading_id VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    modality VARCHAR NOT NULL,
    detector VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    scores JSON NOT NULL,
    confidence FLOAT NOT NULL,
    abstained BOOLEAN NOT NULL,
    arousal FLOAT,
    topics JSON NOT NULL,
    reasons JSON NOT NULL,
    PRIMARY KEY (reading_id)
);
CREATE INDEX ix_readings_call_id ON readings (call_id);
CREATE TABLE returning_callers (
    returning_id VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    earlier JSON NOT NULL,
    PRIMARY KEY (returning_id)
);
CREATE INDEX ix_returning_callers_at ON returning_callers (at);
CREATE INDEX ix_returning_callers_call_id ON returning_callers (call_id);
CREATE TABLE seals (
    seal_id VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    previous_sha256 VARCHAR NOT NULL,
    size INTEGER NOT NULL,
    file VARCHAR NOT NULL,
    cause VARCHAR NOT NULL,
    cause_id VARCHAR NOT NULL,
    sealed_by VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (seal_id)
);
CREATE INDEX ix_seals_at ON seals (at);
CREATE INDEX ix_seals_call_id ON seals (call_id);
CREATE INDEX ix_seals_cause_id ON seals (cause_id);
CREATE TABLE segments (
    segment_id VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    cause VARCHAR NOT NULL,
    urgency FLOAT NOT NULL,
    voice_id VARCHAR,
    text_id VARCHAR,
    done BOOLEAN NOT NULL,
    PRIMARY KEY (segment_id)
);
CREATE INDEX ix_segments_call_id ON segments (call_id);
CREATE INDEX ix_segments_open ON segments (done, urgency);
CREATE TABLE steps (
    step_id VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL,
    alert_id VARCHAR NOT NULL,
    index INTEGER NOT NULL,
    action VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    given_by VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (step_id)
);
CREATE INDEX ix_steps_action ON steps (action);
CREATE INDEX ix_steps_alert_id ON steps (alert_id);
CREATE INDEX ix_steps_call_id ON steps (call_id);
CREATE TABLE transcript_lines (
    line_id VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    speaker VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    final BOOLEAN NOT NULL,
    language VARCHAR NOT NULL,
    PRIMARY KEY (line_id)
);
CREATE INDEX ix_transcript_lines_call_id ON transcript_lines (call_id);
CREATE TABLE turns (
    turn_id VARCHAR NOT NULL,
    call_id VARCHAR NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    speaker VARCHAR,
    PRIMARY KEY (turn_id)
);
CREATE INDEX ix_turns_call_id ON turns (call_id);
