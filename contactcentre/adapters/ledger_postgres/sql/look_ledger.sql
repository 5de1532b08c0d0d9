-- Say which server this is, and how many events wait there for a person to look at them.
SELECT
    host(inet_server_addr()) AS address,
    inet_server_port() AS port,
    (SELECT count(*) FROM set_aside) AS set_aside_count
