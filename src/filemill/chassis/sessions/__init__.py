"""Who is logged in: sessions that one service writes and every service reads."""
