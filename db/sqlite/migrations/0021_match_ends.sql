-- A STOP ends what a user agreed to toward every bot; what ended long ago goes.
CREATE INDEX consents_standing ON consents (user_id) WHERE withdrawn_at = 0;
CREATE INDEX matches_ended ON matches (ended_at) WHERE ended_at > 0;
