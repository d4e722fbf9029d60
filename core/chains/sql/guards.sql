-- What the database itself refuses, whoever asks.

CREATE FUNCTION chains_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on % refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER chains_seed_kept BEFORE DELETE OR TRUNCATE ON chains_seed
  FOR EACH STATEMENT EXECUTE FUNCTION chains_refuse('whoever loses a seed loses the coins');
CREATE TRIGGER chains_wallet_kept BEFORE DELETE OR TRUNCATE ON chains_wallet
  FOR EACH STATEMENT EXECUTE FUNCTION chains_refuse('wallets stay');
CREATE TRIGGER chains_operation_kept BEFORE DELETE OR TRUNCATE ON chains_operation
  FOR EACH STATEMENT EXECUTE FUNCTION chains_refuse('operations stay');
CREATE TRIGGER chains_transaction_kept BEFORE DELETE OR TRUNCATE ON chains_transaction
  FOR EACH STATEMENT EXECUTE FUNCTION chains_refuse('transactions stay');
CREATE TRIGGER chains_broadcast_kept BEFORE DELETE OR TRUNCATE ON chains_broadcast
  FOR EACH STATEMENT EXECUTE FUNCTION chains_refuse('every hash is remembered');
CREATE TRIGGER chains_inclusion_kept BEFORE DELETE OR TRUNCATE ON chains_inclusion
  FOR EACH STATEMENT EXECUTE FUNCTION chains_refuse('every inclusion is remembered');
CREATE TRIGGER chains_arrival_kept BEFORE DELETE OR TRUNCATE ON chains_arrival
  FOR EACH STATEMENT EXECUTE FUNCTION chains_refuse('arrivals stay');

-- A new key closes the phrase again; what it is stays.
CREATE TRIGGER chains_seed_terms BEFORE UPDATE ON chains_seed FOR EACH ROW
  WHEN (ROW(NEW.number, NEW.fingerprint, NEW.created_at) IS DISTINCT FROM ROW(OLD.number, OLD.fingerprint, OLD.created_at))
  EXECUTE FUNCTION chains_refuse('a seed keeps its number and fingerprint');

CREATE TRIGGER chains_wallet_terms BEFORE UPDATE ON chains_wallet FOR EACH ROW
  WHEN (ROW(NEW.id, NEW.seed_id, NEW.chain, NEW.owner, NEW.customer_id, NEW.number, NEW.address)
        IS DISTINCT FROM ROW(OLD.id, OLD.seed_id, OLD.chain, OLD.owner, OLD.customer_id, OLD.number, OLD.address))
  EXECUTE FUNCTION chains_refuse('a wallet keeps its owner, place and address');
-- Only the trigger of a transaction, one level deeper, moves it.
CREATE TRIGGER chains_wallet_nonce BEFORE UPDATE ON chains_wallet FOR EACH ROW
  WHEN (NEW.next_nonce <> OLD.next_nonce AND (NEW.next_nonce <> OLD.next_nonce + 1 OR pg_trigger_depth() = 0))
  EXECUTE FUNCTION chains_refuse('a nonce is taken by a transaction only');

-- Wallets of a chain are numbered without a gap.
CREATE FUNCTION chains_wallet_numbered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.next_nonce <> 0 OR NEW.number <> (SELECT coalesce(max(w.number) + 1, 0) FROM chains_wallet w
                                            WHERE w.seed_id = NEW.seed_id AND w.chain = NEW.chain) THEN
    RAISE EXCEPTION 'wallet % of % does not follow the last one', NEW.number, NEW.chain
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER chains_wallet_numbered BEFORE INSERT ON chains_wallet
  FOR EACH ROW EXECUTE FUNCTION chains_wallet_numbered();

-- An operation keeps what it is; its state moves along these arrows, each with the next version.
CREATE TRIGGER chains_operation_terms BEFORE UPDATE ON chains_operation FOR EACH ROW
  WHEN (ROW(NEW.id, NEW.key, NEW.chain, NEW.reference, NEW.from_block, NEW.created_at)
        IS DISTINCT FROM ROW(OLD.id, OLD.key, OLD.chain, OLD.reference, OLD.from_block, OLD.created_at)
        OR NEW.version <> OLD.version + 1)
  EXECUTE FUNCTION chains_refuse('an operation keeps its terms, and its version rises by one');
CREATE TRIGGER chains_operation_arrows BEFORE UPDATE OF state ON chains_operation FOR EACH ROW
  WHEN ((OLD.state, NEW.state) NOT IN (
    ('pending', 'mined'), ('pending', 'reverting'), ('mined', 'final'), ('reverting', 'reverted'),
    ('mined', 'pending'), ('final', 'pending'), ('reverting', 'pending'), ('reverted', 'pending')))
  EXECUTE FUNCTION chains_refuse('no such arrow');

-- A transaction takes the next nonce of its wallet, once, and keeps everything else.
CREATE TRIGGER chains_transaction_terms BEFORE UPDATE ON chains_transaction FOR EACH ROW
  WHEN (ROW(NEW.id, NEW.operation_id, NEW.position, NEW.wallet_id, NEW."to", NEW.value, NEW.data, NEW.label,
            NEW.gas_limit, NEW.waits)
        IS DISTINCT FROM ROW(OLD.id, OLD.operation_id, OLD.position, OLD.wallet_id, OLD."to", OLD.value, OLD.data,
                             OLD.label, OLD.gas_limit, OLD.waits)
        OR (OLD.nonce IS NOT NULL AND NEW.nonce IS DISTINCT FROM OLD.nonce))
  EXECUTE FUNCTION chains_refuse('a transaction keeps its terms and its nonce');
CREATE FUNCTION chains_take_nonce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE chains_wallet SET next_nonce = next_nonce + 1
   WHERE id = NEW.wallet_id AND next_nonce = NEW.nonce AND frozen_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'nonce % is not the next one of wallet %, or the wallet is frozen', NEW.nonce, NEW.wallet_id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER chains_transaction_takes_nonce AFTER UPDATE ON chains_transaction FOR EACH ROW
  WHEN (OLD.nonce IS NULL AND NEW.nonce IS NOT NULL) EXECUTE FUNCTION chains_take_nonce();
CREATE TRIGGER chains_transaction_starts_without BEFORE INSERT ON chains_transaction FOR EACH ROW
  WHEN (NEW.nonce IS NOT NULL) EXECUTE FUNCTION chains_refuse('a nonce is taken when a transaction is signed');

-- A nonce is consumed only together with a signed form of its transaction: checked when the unit of work commits.
CREATE FUNCTION chains_nonce_is_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM chains_broadcast b WHERE b.transaction_id = NEW.id) THEN
    RAISE EXCEPTION 'transaction % took a nonce and was not signed', NEW.id
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER chains_nonce_is_signed AFTER UPDATE ON chains_transaction DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.nonce IS NULL AND NEW.nonce IS NOT NULL) EXECUTE FUNCTION chains_nonce_is_signed();

CREATE TRIGGER chains_broadcast_terms BEFORE UPDATE ON chains_broadcast FOR EACH ROW
  WHEN (ROW(NEW.id, NEW.transaction_id, NEW.tx_hash, NEW.raw, NEW.max_fee, NEW.priority_fee, NEW.signed_at)
        IS DISTINCT FROM ROW(OLD.id, OLD.transaction_id, OLD.tx_hash, OLD.raw, OLD.max_fee, OLD.priority_fee,
                             OLD.signed_at))
  EXECUTE FUNCTION chains_refuse('what was signed stays');
CREATE TRIGGER chains_inclusion_terms BEFORE UPDATE ON chains_inclusion FOR EACH ROW
  WHEN (OLD.vanished_at IS NOT NULL
        OR ROW(NEW.id, NEW.transaction_id, NEW.broadcast_id, NEW.chain, NEW.tx_hash, NEW.block_number, NEW.block_hash,
               NEW.succeeded, NEW.gas_used, NEW.gas_price, NEW.logs, NEW.seen_at)
        IS DISTINCT FROM ROW(OLD.id, OLD.transaction_id, OLD.broadcast_id, OLD.chain, OLD.tx_hash, OLD.block_number,
                             OLD.block_hash, OLD.succeeded, OLD.gas_used, OLD.gas_price, OLD.logs, OLD.seen_at))
  EXECUTE FUNCTION chains_refuse('an inclusion only vanishes, once');
CREATE TRIGGER chains_arrival_terms BEFORE UPDATE ON chains_arrival FOR EACH ROW
  WHEN (ROW(NEW.id, NEW.chain, NEW.tx_hash, NEW.log_index, NEW.wallet_id, NEW.asset, NEW.units, NEW.sender)
        IS DISTINCT FROM ROW(OLD.id, OLD.chain, OLD.tx_hash, OLD.log_index, OLD.wallet_id, OLD.asset, OLD.units,
                             OLD.sender))
  EXECUTE FUNCTION chains_refuse('what arrived stays what it was');
