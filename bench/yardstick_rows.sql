-- c3 with our rows: what the bare database needs for the rows that one deposit of ours writes, into copies of our
-- tables with their columns and indexes. One server-side call per step as in c3; no guards, no checks, no verdicts, no
-- JSON to take apart. The distance from c3 to this is rows; the distance from this to us is code.
SET search_path = yardstick;

CREATE TABLE our_txn (LIKE public.orchestration_transaction INCLUDING DEFAULTS INCLUDING INDEXES)
  WITH (fillfactor = 75);
CREATE TABLE our_event (LIKE public.orchestration_event INCLUDING DEFAULTS INCLUDING INDEXES);
CREATE TABLE our_attempt (LIKE public.orchestration_attempt INCLUDING DEFAULTS INCLUDING INDEXES);
CREATE TABLE our_decision (LIKE public.routing_decision INCLUDING DEFAULTS INCLUDING INDEXES);
CREATE TABLE our_head (LIKE public.outbox_streamhead INCLUDING INDEXES) WITH (fillfactor = 50);
CREATE TABLE our_row (LIKE public.outbox_streamrow INCLUDING INDEXES);
CREATE TABLE our_effect (LIKE public.outbox_effect INCLUDING INDEXES);
CREATE TABLE our_use (LIKE public.compliance_limituse INCLUDING INDEXES INCLUDING IDENTITY) WITH (fillfactor = 50);
CREATE TABLE our_claim (LIKE public.compliance_limitclaim INCLUDING INDEXES);
CREATE TABLE our_expectation (LIKE public.ledger_expectation INCLUDING INDEXES);
CREATE TABLE our_entry (LIKE public.ledger_entry INCLUDING INDEXES);
CREATE TABLE our_line (LIKE public.ledger_line INCLUDING INDEXES INCLUDING IDENTITY);
CREATE TABLE our_delta (LIKE public.ledger_system_delta INCLUDING INDEXES INCLUDING IDENTITY);
CREATE TABLE our_balance (LIKE public.ledger_balance INCLUDING INDEXES) WITH (fillfactor = 50);
CREATE TABLE our_detail (LIKE public.banking_bankingdetail INCLUDING INDEXES);
CREATE TABLE our_person (account bigint PRIMARY KEY, customer uuid NOT NULL);

INSERT INTO our_person SELECT account, public.outbox_uuid7() FROM balance;
INSERT INTO our_head SELECT p.customer, c, public.outbox_uuid7(), 0
  FROM our_person p, unnest(ARRAY['balances', 'transactions']) c;
INSERT INTO our_use (customer_id, kind, asset, day, day_units, month, month_units)
  SELECT customer, 'deposit', 'USD', current_date, 0, date_trunc('month', now()), 0 FROM our_person;
INSERT INTO our_balance SELECT account, 'credit', 0, 0, 0, 0, 0, now() FROM our_person;

-- So many events of a transaction, each with its row of the stream, and one row that says that the balance changed.
CREATE FUNCTION our_news(t uuid, owner uuid, first int, many int, moved int) RETURNS void LANGUAGE plpgsql
SET search_path = yardstick AS $$
DECLARE head bigint; e uuid;
BEGIN
  UPDATE our_head SET seq = seq + many WHERE customer_id = owner AND channel = 'transactions' RETURNING seq INTO head;
  FOR n IN 0 .. many - 1 LOOP
    e := public.outbox_uuid7();
    INSERT INTO our_event VALUES (e, t, first + n, 'transaction.state_changed', 'VALIDATING', 'KYC_VERIFICATION',
                                  'system:engine', '', '{}', clock_timestamp());
    INSERT INTO our_row VALUES (public.outbox_uuid7(), owner, 'transactions', head - many + n + 1,
                                'transaction.state_changed', e, jsonb_build_object('event_id', e), clock_timestamp());
  END LOOP;
  IF moved > 0 THEN
    UPDATE our_head SET seq = seq + 1 WHERE customer_id = owner AND channel = 'balances' RETURNING seq INTO head;
    INSERT INTO our_row VALUES (public.outbox_uuid7(), owner, 'balances', head, 'balance.changed', e,
                                '{"asset": "USD", "chain": null, "domain": "banking"}', clock_timestamp());
  END IF;
END $$;

CREATE FUNCTION our_status(t uuid, owner uuid) RETURNS void LANGUAGE sql SET search_path = yardstick AS $$
  INSERT INTO our_effect VALUES (
    public.outbox_uuid7(), 'transaction.status', jsonb_build_object(
      'kind', 'deposit', 'role', 'owner', 'asset', 'USD', 'chain', null, 'amount', '100.00', 'domain', 'banking',
      'reason', null, 'status', 'processing', 'event_id', t, 'customer_id', owner, 'transaction_id', t),
    'pending', clock_timestamp(), 0, NULL, '');
$$;

CREATE FUNCTION our_reserve(acct bigint) RETURNS uuid LANGUAGE plpgsql SET search_path = yardstick AS $$
DECLARE t uuid := public.outbox_uuid7(); owner uuid;
BEGIN
  SELECT customer INTO owner FROM our_person WHERE account = acct;
  INSERT INTO our_txn (id, customer_id, domain, kind, state, trail, reason, version, fence, due_at, deadline_at, tries,
      asset, target_asset, side, units, debit_units, receive_units, reversed_units, fees, method, provider, undo,
      cleared, preferences, leg, terms, results, correlation_id, request_id, security, seq, created_at, updated_at)
    VALUES (t, owner, 'banking', 'deposit', 'INITIATED', '{}', '', 1, 0, clock_timestamp(),
      clock_timestamp() + interval '30 minutes', 0, 'USD', '', 'source', 10000, 10000, 9630, 0,
      '{"asset": "USD", "debit": "10000", "receive": "9630", "schedule_version": 1, "lines": [
        {"code": "deposit_percent", "rate": "0.5%", "tier": "platform", "units": "50"},
        {"code": "stripe_card", "rate": "2.9% + 0.30 USD", "tier": "provider", "units": "320"}]}',
      'card', '', '{}', '{}', '{}', '', '{}', '{}', 'req_01a203b55ad4712ebaba74dc86f4586d',
      'req_01a203b55ad4712ebaba74dc86f4586d', '{"kyc_level": 3}', 1, clock_timestamp(), clock_timestamp());
  INSERT INTO our_detail VALUES (t, 'card', 'Bench', 'Visa', 'pm_card_visa');
  UPDATE our_head SET seq = seq + 0 WHERE customer_id = owner AND channel = 'transactions';
  UPDATE our_txn SET lease_until = clock_timestamp() + interval '30 seconds', fence = fence + 1 WHERE id = t;
  UPDATE our_use SET day_units = day_units + 10000, month_units = month_units + 10000
    WHERE customer_id = owner AND kind = 'deposit' AND asset = 'USD';
  INSERT INTO our_claim VALUES (t, owner, 'deposit', 'USD', 10000, clock_timestamp(), NULL);
  INSERT INTO our_expectation VALUES (t, acct, t, 9630, 'written', clock_timestamp(), clock_timestamp(), NULL);
  UPDATE our_txn SET state = 'BALANCE_RESERVED', version = version + 1, due_at = clock_timestamp(), seq = 5,
    trail = '{INITIATED,VALIDATING,KYC_VERIFICATION,COMPLIANCE_CHECK,BALANCE_RESERVED}', reservation_id = t,
    updated_at = clock_timestamp() WHERE id = t;
  PERFORM our_news(t, owner, 1, 5, 1);
  RETURN t;
END $$;

CREATE FUNCTION our_send(t uuid, acct bigint) RETURNS void LANGUAGE plpgsql SET search_path = yardstick AS $$
DECLARE owner uuid;
BEGIN
  UPDATE our_txn SET state = 'SENT_TO_PROVIDER', trail = '{BALANCE_RESERVED,SENT_TO_PROVIDER}', version = version + 1,
    provider = 'stripe', due_at = clock_timestamp(), deadline_at = NULL, seq = 6, eta = clock_timestamp(),
    updated_at = clock_timestamp() WHERE id = t RETURNING customer_id INTO owner;
  UPDATE our_expectation SET state = 'announced', deadline = NULL WHERE id = t;
  UPDATE our_balance SET incoming = incoming + 9630, version = version + 1, updated_at = clock_timestamp()
    WHERE account_id = acct;
  INSERT INTO our_attempt VALUES (t, 1, 'deposit', 'stripe', 'charge', 'card', 'SENT', t || ':charge:stripe', '', '', 0,
    10000, 'USD', 'pm_card_visa', 0, 0, '', clock_timestamp(), NULL, clock_timestamp(), clock_timestamp(), t);
  INSERT INTO our_decision VALUES (t, t, 'stripe', 1, 1, '[{"why": "", "cost": "1.0000", "score": "1.0000",
    "speed": "1.0000", "health": "1.0000", "eligible": true, "provider": "stripe", "eta_seconds": 4,
    "fees_total": {"asset": "USD", "amount": "3.70"}, "measured_health": "0.9500"}]', clock_timestamp());
  PERFORM our_status(t, owner);
  PERFORM our_news(t, owner, 6, 1, 1);
END $$;

CREATE FUNCTION our_settle(t uuid, acct bigint) RETURNS void LANGUAGE plpgsql SET search_path = yardstick AS $$
DECLARE owner uuid;
BEGIN
  UPDATE our_txn SET state = 'COMPLETED',
    trail = '{SENT_TO_PROVIDER,PROVIDER_PROCESSING,PROVIDER_CONFIRMING,COMPLETED}', version = version + 1,
    due_at = NULL, lease_until = NULL, seq = 9, updated_at = clock_timestamp(), completed_at = clock_timestamp()
    WHERE id = t RETURNING customer_id INTO owner;
  UPDATE our_expectation SET state = 'fulfilled', resolved_at = clock_timestamp() WHERE id = t;
  UPDATE our_attempt SET state = 'SUCCEEDED', stage = 'settled', provider_ref = 'instant_' || t, tries = 1,
    updated_at = clock_timestamp() WHERE id = t;
  UPDATE our_balance SET incoming = incoming - 9630, posted = posted + 9630, version = version + 1,
    updated_at = clock_timestamp() WHERE account_id = acct;
  INSERT INTO our_delta (account_id, units) VALUES (-1, 10000), (-2, -50), (-3, -320);
  INSERT INTO our_entry VALUES (t, t || ':settled', 'deposit', t, 4, clock_timestamp());
  INSERT INTO our_line (entry_id, line_no, account_id, units)
    VALUES (t, 1, -1, -10000), (t, 2, acct, 9630), (t, 3, -2, 50), (t, 4, -3, 320);
  PERFORM our_status(t, owner);
  PERFORM our_news(t, owner, 7, 3, 1);
END $$;
