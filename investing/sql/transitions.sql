-- Every step that investing declares (investing.models.transaction). A test holds this against the code: a new step needs
-- a new migration that replaces the function.
CREATE FUNCTION investing_transitions() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY[
        'BALANCE_RESERVED>COMPLETED',
        'BALANCE_RESERVED>EXPIRED',
        'BALANCE_RESERVED>FAILED',
        'BALANCE_RESERVED>SENT_TO_PROVIDER',
        'COMPENSATING>COMPENSATED',
        'COMPLIANCE_CHECK>BALANCE_RESERVED',
        'COMPLIANCE_CHECK>EXPIRED',
        'COMPLIANCE_CHECK>FAILED',
        'INITIATED>EXPIRED',
        'INITIATED>FAILED',
        'INITIATED>VALIDATING',
        'KYC_VERIFICATION>COMPLIANCE_CHECK',
        'KYC_VERIFICATION>EXPIRED',
        'KYC_VERIFICATION>FAILED',
        'MARKET_ORDER_PLACED>COMPENSATING',
        'MARKET_ORDER_PLACED>EXPIRED',
        'MARKET_ORDER_PLACED>FAILED',
        'MARKET_ORDER_PLACED>ORDER_FILLED',
        'ORDER_FILLED>COMPENSATING',
        'ORDER_FILLED>SETTLEMENT_PENDING',
        'SENT_TO_PROVIDER>COMPENSATING',
        'SENT_TO_PROVIDER>EXPIRED',
        'SENT_TO_PROVIDER>FAILED',
        'SENT_TO_PROVIDER>MARKET_ORDER_PLACED',
        'SETTLEMENT_PENDING>COMPENSATING',
        'SETTLEMENT_PENDING>COMPLETED',
        'VALIDATING>EXPIRED',
        'VALIDATING>FAILED',
        'VALIDATING>KYC_VERIFICATION'
    ]
$$;

CREATE TRIGGER investing_transaction_guard BEFORE UPDATE ON orchestration_transaction
    FOR EACH ROW WHEN (
        OLD.domain = 'investing' AND OLD.state IS DISTINCT FROM NEW.state
        AND NOT orchestration_hops_declared(OLD.state, NEW.state, NEW.trail, investing_transitions()))
    EXECUTE FUNCTION orchestration_refuse_state();
