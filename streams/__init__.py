"""When and where? Every clock, socket, broker, browser and database of callmood."""
