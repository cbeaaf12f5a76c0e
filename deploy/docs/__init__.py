"""What is drawn from the code: the flow picture, AsyncAPI, OpenAPI, and the record of every contract."""
