CREATE DATABASE journal CHARACTER SET utf8mb4;
USE journal;
CREATE TABLE entries (id int PRIMARY KEY, day date NOT NULL, text text, KEY entries_day (day)) ENGINE=InnoDB;
CREATE TABLE labels (id int PRIMARY KEY, entry int, name varchar(100)) ENGINE=InnoDB;
CREATE TABLE pictures (id int PRIMARY KEY, entry int, name varchar(100)) ENGINE=InnoDB;
CREATE VIEW today AS SELECT * FROM entries WHERE day = current_date();
INSERT INTO entries VALUES (1,'2026-01-01','entry 1'),(2,'2026-01-02','entry 2'),(3,'2026-01-02','it''s\nthree');
INSERT INTO labels VALUES (1,1,'a');
INSERT INTO pictures VALUES (1,1,'p');
