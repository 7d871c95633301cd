//! What every function of AWS Lambda stands on: configuration, telemetry, the ports on AWS.
