namespace Larder.Sources.Tests.MySql;

/// <summary>A database with what MariaDB can hold.</summary>
internal static class EveryFeature
{
    public const string Sql =
        """
        SET sql_mode = '', foreign_key_checks = 0;
        CREATE SEQUENCE numbers START WITH 7 INCREMENT BY 3;
        SELECT NEXTVAL(numbers);
        CREATE TABLE parent(id INT PRIMARY KEY AUTO_INCREMENT, child INT, name VARCHAR(40) NOT NULL COMMENT 'it''s; a -- comment',
            CONSTRAINT to_child FOREIGN KEY (child) REFERENCES child(id) ON DELETE SET NULL) AUTO_INCREMENT = 50;
        CREATE TABLE child(id INT PRIMARY KEY, parent INT, self INT,
            CONSTRAINT to_parent FOREIGN KEY (parent) REFERENCES parent(id) ON UPDATE CASCADE,
            CONSTRAINT to_self FOREIGN KEY (self) REFERENCES child(id));
        INSERT INTO parent VALUES (1, 1, 'one'), (2, NULL, '-- Dump completed'), (3, 1, 'INSERT INTO `x` VALUES (1);\nDELIMITER ;;\n'), (0, 1, 'nought');
        INSERT INTO child VALUES (1, 1, 1), (2, 3, 1), (3, NULL, NULL);
        CREATE TABLE computed(a INT, b INT AS (a * 2) VIRTUAL, c VARCHAR(20) AS (CONCAT('<', a, '>')) STORED, UNIQUE KEY (c));
        INSERT INTO computed(a) VALUES (1), (2), (NULL);
        CREATE TABLE numbered(id INT NOT NULL DEFAULT NEXTVAL(numbers) PRIMARY KEY, t TEXT);
        INSERT INTO numbered(t) VALUES ('a'), ('b');
        CREATE TABLE parts(id INT, at DATE, PRIMARY KEY (id, at)) PARTITION BY RANGE (YEAR(at))
            (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN (2020), PARTITION p2 VALUES LESS THAN MAXVALUE);
        INSERT INTO parts VALUES (1, '1999-12-31'), (2, '2005-01-01'), (3, '2030-06-06');
        CREATE TABLE words(id INT PRIMARY KEY, body TEXT, FULLTEXT KEY (body)) DEFAULT CHARACTER SET utf8mb4;
        INSERT INTO words VALUES (1, 'grüße 你好 🐘 ''quoted'' "double" \\ back\\slash\n\r\t\0\Z%_'), (2, ''), (3, NULL);
        CREATE TABLE documents(id INT PRIMARY KEY, body JSON, CHECK (JSON_VALID(body)));
        INSERT INTO documents VALUES (1, '{"a": [1, 2, {"b": "it''s \\\\ (x), (y);"}]}');
        CREATE TABLE bytes(id INT PRIMARY KEY, b LONGBLOB, v VARBINARY(300), f BINARY(4), h BIT(13), g GEOMETRY, u UUID, i INET6);
        INSERT INTO bytes SELECT 1, GROUP_CONCAT(CHAR(seq) ORDER BY seq SEPARATOR ''), UNHEX('000102030405FF27225C0A'), 'ab', b'1010101010101',
            ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))'), '123e4567-e89b-12d3-a456-426655440000', '2001:db8::1' FROM seq_0_to_255;
        INSERT INTO bytes VALUES (2, '', '', '', 0, NULL, NULL, NULL);
        CREATE TABLE times(id INT PRIMARY KEY, d DATE, dt DATETIME(6), ts TIMESTAMP(3) NULL, t TIME(2), y YEAR);
        INSERT INTO times VALUES (1, '0000-00-00', '0000-00-00 00:00:00', '0000-00-00', '-838:59:59', 0),
            (2, '9999-12-31', '2024-02-29 23:59:59.999999', '2024-10-27 01:30:00.5', '00:00:00.01', 2155);
        CREATE TABLE figures(id INT PRIMARY KEY, d DECIMAL(65, 30), f FLOAT, dd DOUBLE, u BIGINT UNSIGNED, e ENUM('x', 'it''s', ''), s SET('a', 'b'));
        INSERT INTO figures VALUES (1, '-12345678901234567890123456789012345.123456789012345678901234567890', 1.5, 2.2250738585072014e-308,
            18446744073709551615, 'it''s', 'a,b'), (2, NULL, -0.1, 1e308, 0, '', '');
        CREATE TABLE history(id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING;
        INSERT INTO history VALUES (1, 1), (2, 2);
        UPDATE history SET v = 10 WHERE id = 1;
        DELETE FROM history WHERE id = 2;
        CREATE TABLE `odd ``name`` ä/%. 表`(`select ``x`` ) VALUES (1` INT PRIMARY KEY, `b;--` VARCHAR(10));
        INSERT INTO `odd ``name`` ä/%. 表` VALUES (1, 'x'), (2, '),(');
        CREATE TABLE nothing(id INT);
        CREATE TABLE hidden(a INT, b INT INVISIBLE DEFAULT 5);
        INSERT INTO hidden(a, b) VALUES (1, 2), (3, DEFAULT);
        CREATE TABLE swedish(t VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci);
        INSERT INTO swedish VALUES ('åäö');
        CREATE VIEW zz_base AS SELECT id, name FROM parent WHERE id > 0 WITH CHECK OPTION;
        CREATE SQL SECURITY INVOKER VIEW aa_upon AS SELECT zz_base.id, child.self FROM zz_base JOIN child ON child.parent = zz_base.id;
        CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC COMMENT 'n; n' RETURN n * 2;
        CREATE VIEW with_function AS SELECT twice(id) AS doubled FROM parent;
        CREATE TABLE log(id INT PRIMARY KEY AUTO_INCREMENT, said TEXT);
        DELIMITER //
        CREATE TRIGGER before_parent BEFORE INSERT ON parent FOR EACH ROW
        BEGIN
            -- It's a comment; with ' a quote
            IF NEW.name = 'end;' THEN SET NEW.name = "a;b//"; END IF;
            /* another ; ' */
        END//
        CREATE TRIGGER after_parent AFTER INSERT ON parent FOR EACH ROW INSERT INTO log(said) VALUES (CONCAT('in ', NEW.name))//
        CREATE TRIGGER after_parent_too AFTER INSERT ON parent FOR EACH ROW FOLLOWS after_parent INSERT INTO log(said) VALUES ('too')//
        CREATE PROCEDURE fill(IN n INT) MODIFIES SQL DATA
        BEGIN
            DECLARE i INT DEFAULT 0;
            WHILE i < n DO INSERT INTO nothing VALUES (i); SET i = i + 1; END WHILE;
            SELECT 'it''s ; done', "-- Dump completed";
        END//
        SET sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'//
        CREATE PROCEDURE slashes() SELECT 'a\', "name" FROM parent//
        SET sql_mode = ''//
        CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ON COMPLETION PRESERVE COMMENT 'x;y'
            DO BEGIN DELETE FROM log; DELETE FROM nothing; END//
        DELIMITER ;
        """;
}
