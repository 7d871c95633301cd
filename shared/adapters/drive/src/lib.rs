//! Google Drive as a place that holds files.
