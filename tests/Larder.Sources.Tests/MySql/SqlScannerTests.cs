using System.Security.Cryptography;
using System.Text;
using Larder.Sources.MySql;
using Larder.Testing;

namespace Larder.Sources.Tests.MySql;

public sealed class SqlScannerTests
{
    private static readonly string[] Pieces =
        ["'", "''", "\\'", "\\\\", "\"", "`", ";", "--", "-- x\n", "#", "/*", "*/", "/*!", "(", ")", "),(", ",", "\\n", "é", "DELIMITER ;;", "VALUES", " ", "a"];

    [Fact]
    public async Task Statements_end_where_the_client_ends_them()
    {
        const string script =
            """
            /*M!999999\- enable the sandbox mode */
            -- comment; 'not' a statement
            /*!40101 SET NAMES utf8mb4 */;
            SELECT 'a;b', "c;\"d", `e;``f`; # g;
            /* h; ' */ SELECT 1 -- i;
              + 2;
            DELIMITER ;;
            /*!50003 CREATE*/ /*!50017 DEFINER=`x`@`y`*/ /*!50003 TRIGGER t BEFORE INSERT ON u FOR EACH ROW BEGIN
              -- it's
              SELECT 1; /* ' ; */
            END */;;
            DELIMITER ;
            SET sql_mode = 'NO_BACKSLASH_ESCAPES';
            SELECT 'a\';
            SET sql_mode = '';
            SELECT 'b\';';
            -- Dump completed

            """;
        var (statements, isComplete) = await ReadAsync(script, 7);
        Assert.Equal(
            [
                "/*!40101 SET NAMES utf8mb4 */",
                "SELECT 'a;b', \"c;\\\"d\", `e;``f`",
                "SELECT 1 -- i;\n  + 2",
                "/*!50003 CREATE*/ /*!50017 DEFINER=`x`@`y`*/ /*!50003 TRIGGER t BEFORE INSERT ON u FOR EACH ROW BEGIN\n"
                    + "  -- it's\n  SELECT 1; /* ' ; */\nEND */",
                "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
                "SELECT 'a\\'",
                "SET sql_mode = ''",
                "SELECT 'b\\';'",
            ],
            statements);
        Assert.True(isComplete);
    }

    [Theory]
    [InlineData("SELECT 1")]
    [InlineData("SELECT 'a;")]
    [InlineData("INSERT INTO `t` (`a`) VALUES (1),")]
    [InlineData("INSERT INTO `t` (`a`) VALUES ('x);")]
    [InlineData("INSERT INTO `t` (`a`")]
    public async Task An_end_in_the_middle_is_damage(string script)
    {
        var error = await Assert.ThrowsAsync<SourceException>(() => ReadAsync(script, 3));
        Assert.Equal(SourceError.Damaged, error.Error);
    }

    [Theory]
    [InlineData("SELECT 1;\n-- Dump completed\n", true)]
    [InlineData("SELECT 1;\n-- Dump completed on 2024-01-01\n", true)]
    [InlineData("-- Dump completed\nSELECT 1;\n", false)]
    [InlineData("SELECT '\n-- Dump completed\n';\n", false)]
    [InlineData("SELECT 1;\n", false)]
    [InlineData("", false)]
    public async Task Only_the_last_line_outside_of_statements_says_that_a_dump_is_complete(string script, bool expected) =>
        Assert.Equal(expected, (await ReadAsync(script, 5)).IsComplete);

    /// <summary>Whatever stands in the values, and wherever the input is cut, the rows that went in come out.</summary>
    [Fact]
    public Task Rows_come_out_as_they_went_in_wherever_the_input_is_cut() => SeededRandom.RunManyAsync(300, async random =>
    {
        var rows = Enumerable.Range(0, random.Next(1, 30)).Select(_ => $"({random.Next()},{MakeText(random)},NULL,0x00FF)").ToList();
        var name = SqlText.Quote("t` (`VALUES (1);'\"");
        var script = $"SET x=1;\nINSERT INTO {name} (`a)`, `VALUES`, `c'`, `d`) VALUES {string.Join(random.Next(2) == 0 ? "," : ",\n", rows)};\nSELECT 2;\n";
        var scanner = new SqlScanner(new SlowStream(Encoding.UTF8.GetBytes(script), random.Next(1, 50)));
        Assert.Equal(SqlKind.Statement, await scanner.MoveNextAsync(CancellationToken.None));
        Assert.Equal(SqlKind.Rows, await scanner.MoveNextAsync(CancellationToken.None));
        Assert.Equal("t` (`VALUES (1);'\"", SqlText.FindName(scanner.Text.Span));

        var fingerprint = new FingerprintBuilder();
        using (var reader = new RowReader(scanner, fingerprint))
        {
            await reader.SkipAsync(CancellationToken.None);
        }
        var expected = new FingerprintBuilder();
        foreach (var row in rows)
        {
            expected.AddHash(SHA256.HashData(Encoding.UTF8.GetBytes(row)));
        }
        Assert.Equal(expected.ToFingerprint(), fingerprint.ToFingerprint());
        Assert.Equal(SqlKind.Statement, await scanner.MoveNextAsync(CancellationToken.None));
        Assert.Equal("SELECT 2", Encoding.UTF8.GetString(scanner.Text.Span));
    });

    [Fact]
    public Task Rows_that_are_written_again_are_the_same_rows() => SeededRandom.RunManyAsync(30, async random =>
    {
        var rows = Enumerable.Range(0, random.Next(0, 3000)).Select(_ => $"({random.Next()},'{new string('x', random.Next(2000))}')").ToList();
        var script = string.Concat(rows.Chunk(100).Select(chunk => $"INSERT INTO `t` (`a`, `b`) VALUES {string.Join(',', chunk)};\n")) + "SELECT 1;\n";
        var scanner = new SqlScanner(new SlowStream(Encoding.UTF8.GetBytes(script), 100_000));
        await scanner.MoveNextAsync(CancellationToken.None);
        await using var stream = new RowsStream(scanner, Task.FromResult);
        using var text = new StreamReader(stream);
        var lines = (await text.ReadToEndAsync()).Split('\n');
        Assert.Equal(rows, lines.Where(line => line.StartsWith('(')).Select(line => line.TrimEnd(',', ';')));
        Assert.Equal(rows.Count, stream.Fingerprint.Rows);
        Assert.Equal("SELECT 1", Encoding.UTF8.GetString(scanner.Text.Span));
    });

    [Theory]
    [InlineData("plain")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("a/b%2F\\\n\t`'\"*?表")]
    public void Any_name_makes_a_file_name_and_comes_back(string table)
    {
        var file = DumpNames.Rows(table);
        Assert.DoesNotContain('/', file);
        Assert.DoesNotContain('\n', file);
        Assert.Equal(table, DumpNames.TableOf(file));
        Assert.Equal(table, DumpNames.Unescape(DumpNames.Escape(table)));
        Assert.False(DumpNames.Escape(table) is "." or "..");
    }

    [Theory]
    [InlineData("mysql://u:p%40ss@db.example.com:3307/shop?ssl-mode=verify-full", "db.example.com", 3307, "u", "p@ss", "shop")]
    [InlineData("mariadb://db", "db", 3306, null, null, null)]
    [InlineData("mysql://u@[::1]/x%20y", "::1", 3306, "u", null, "x y")]
    public void An_address_is_read(string url, string host, int port, string? user, string? password, string? database)
    {
        var (server, name) = MySqlUrl.Parse(url);
        Assert.Equal((host, port, user, password, database), (server.Host, server.Port, server.User, server.Password, name));
    }

    [Theory]
    [InlineData("postgresql://u:secret@h/d")]
    [InlineData("mysql://u:secret@h/d?ssl-mode=perhaps")]
    [InlineData("mysql://u:secret@h/d?colour=red")]
    [InlineData("secret")]
    public void An_address_that_is_none_is_refused_without_being_shown(string url) =>
        Assert.DoesNotContain("secret", Assert.Throws<FormatException>(() => MySqlUrl.Parse(url)).Message, StringComparison.Ordinal);

    private static string MakeText(Random random)
    {
        // As the dump program writes a text: quotes and backslashes escaped.
        var text = string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => Pieces[random.Next(Pieces.Length)]));
        return $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", random.Next(2) == 0 ? "\\'" : "''", StringComparison.Ordinal)}'";
    }

    private static async Task<(List<string> Statements, bool IsComplete)> ReadAsync(string script, int pieceBytes)
    {
        var scanner = new SqlScanner(new SlowStream(Encoding.UTF8.GetBytes(script), pieceBytes));
        var statements = new List<string>();
        while (await scanner.MoveNextAsync(CancellationToken.None) is var kind and not SqlKind.End)
        {
            statements.Add(Encoding.UTF8.GetString(scanner.Text.Span));
            if (kind == SqlKind.Rows)
            {
                using var rows = new RowReader(scanner, new FingerprintBuilder());
                await rows.SkipAsync(CancellationToken.None);
            }
        }
        return (statements, scanner.IsComplete);
    }

    /// <summary>Gives out a few bytes at a time.</summary>
    private sealed class SlowStream(byte[] bytes, int pieceBytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, pieceBytes)], cancellationToken);
    }
}
