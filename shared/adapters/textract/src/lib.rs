//! Pictures read by Amazon Textract.
