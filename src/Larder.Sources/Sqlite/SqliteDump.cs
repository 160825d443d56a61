using System.Globalization;
using System.Text;
using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>
/// A closed database as SQL text that the `sqlite3` program reads back to the same schema and rows: tables with their rows, then indices,
/// triggers and views, as its own <c>.dump</c> orders them. Rows are written one by one.
/// </summary>
/// <remarks>
/// Beyond <c>.dump</c>: reals keep every bit, text keeps NUL bytes, and rows keep their row ids, which full-text indices point to.
/// </remarks>
public static class SqliteDump
{
    /// <summary>Fails with <see cref="SourceException"/>.</summary>
    /// <param name="path">Nobody may write to it meanwhile; a WAL beside it is not looked at.</param>
    /// <param name="output">Gets UTF-8; flushed, not closed.</param>
    public static Task WriteAsync(string path, Stream output, CancellationToken cancellationToken) =>
        Task.Run(
            () =>
            {
                try
                {
                    using var connection = Sqlite3Connection.OpenImmutable(path);
                    UnknownCollations.StandIn(connection);
                    using var interruption = cancellationToken.Register(connection.Interrupt);
                    using var text = new SqlWriter(output);
                    new Dump(connection, text, cancellationToken).Write();
                }
                catch (Sqlite3Exception error)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    throw SqliteErrors.Describe(error, path);
                }
            },
            cancellationToken);

    private sealed class Dump(Sqlite3Connection connection, SqlWriter text, CancellationToken cancellationToken)
    {
        private readonly string encoding = connection.QueryText("PRAGMA encoding") ?? "UTF-8";

        public void Write()
        {
            var schema = ReadSchema();
            var hasVirtualTables = schema.Exists(one => one.IsVirtual);
            text.Line("PRAGMA foreign_keys=OFF;");
            WriteHeaderPragmas();
            text.Line("BEGIN TRANSACTION;");
            foreach (var table in schema.Where(one => one.Type == "table" && one.Name != "sqlite_sequence"))
            {
                WriteTable(table);
            }
            WriteSequence(schema);
            foreach (var other in schema.Where(one => one.Type != "table"))
            {
                WriteStatement(other.Sql);
            }
            if (hasVirtualTables)
            {
                text.Line("PRAGMA writable_schema=OFF;");
            }
            text.Line("COMMIT;");
        }

        private List<SchemaRow> ReadSchema()
        {
            using var statement = connection.Prepare(
                "SELECT type, name, tbl_name, sql, rootpage FROM sqlite_schema WHERE sql NOT NULL ORDER BY rowid");
            var rows = new List<SchemaRow>();
            while (statement.Step())
            {
                rows.Add(new SchemaRow(
                    statement.GetText(0)!, statement.GetText(1)!, statement.GetText(2)!, statement.GetText(3)!, statement.GetInt64(4)));
            }
            return rows;
        }

        /// <summary>What a database says of itself outside of its schema.</summary>
        private void WriteHeaderPragmas()
        {
            if (encoding != "UTF-8")
            {
                text.Line($"PRAGMA encoding='{encoding}';");
            }
            foreach (var pragma in new[] { "user_version", "application_id" })
            {
                if (connection.QueryInt64($"PRAGMA {pragma}") is not 0 and var number)
                {
                    text.Line(string.Create(CultureInfo.InvariantCulture, $"PRAGMA {pragma}={number};"));
                }
            }
        }

        private void WriteTable(SchemaRow table)
        {
            if (table.IsVirtual)
            {
                // Its module may not be there when the text is read, and its hidden tables come as tables of their own.
                text.Line("PRAGMA writable_schema=ON;");
                text.Line(
                    "INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table',"
                    + $"{Literal(table.Name)},{Literal(table.Name)},0,{Literal(table.Sql)});");
                return;
            }
            if (table.Name.StartsWith("sqlite_stat", StringComparison.OrdinalIgnoreCase))
            {
                text.Line("ANALYZE sqlite_schema;"); // Makes the tables of statistics, which nobody may make by hand.
                text.Line($"DELETE FROM {Sqlite3Connection.Quote(table.Name)};");
            }
            else if (table.Name.StartsWith("sqlite_", StringComparison.OrdinalIgnoreCase))
            {
                return;
            }
            else
            {
                WriteStatement(table.Sql);
            }
            WriteRows(table.Name);
        }

        // A definition may end in a comment, which would swallow the semicolon.
        private void WriteStatement(string sql) => text.Line(sql.Contains("--", StringComparison.Ordinal) ? sql + "\n;" : sql + ";");

        private void WriteSequence(List<SchemaRow> schema)
        {
            if (schema.Exists(one => one.Name == "sqlite_sequence"))
            {
                // Made by itself with the first AUTOINCREMENT table, and filled by its rows: as it was is another matter.
                text.Line("DELETE FROM sqlite_sequence;");
                WriteRows("sqlite_sequence");
            }
        }

        private void WriteRows(string table)
        {
            var columns = StoredColumns(table);
            if (RowIdName(table, columns) is { } rowId)
            {
                columns.Insert(0, rowId);
            }
            var names = string.Join(',', columns.Select(Sqlite3Connection.Quote));
            var insert = $"INSERT INTO {Sqlite3Connection.Quote(table)}({names})VALUES(";
            using var statement = connection.Prepare($"SELECT {names} FROM {Sqlite3Connection.Quote(table)} NOT INDEXED");
            while (statement.Step())
            {
                cancellationToken.ThrowIfCancellationRequested();
                text.Add(insert);
                for (var column = 0; column < columns.Count; column++)
                {
                    if (column > 0)
                    {
                        text.Add(",");
                    }
                    WriteValue(statement, column);
                }
                text.Line(");");
            }
        }

        private void WriteValue(Sqlite3Statement row, int column)
        {
            switch (row.GetValueType(column))
            {
                case Sqlite3.TypeInteger when row.GetInt64(column) == long.MinValue:
                    text.Add("-9223372036854775807-1"); // The positive number does not fit, so the literal would become a real.
                    break;
                case Sqlite3.TypeInteger:
                    text.Add(row.GetInt64(column).ToString(CultureInfo.InvariantCulture));
                    break;
                case Sqlite3.TypeFloat:
                    text.Add(Real(row.GetDouble(column)));
                    break;
                case Sqlite3.TypeText:
                    WriteText(row.GetTextBytes(column));
                    break;
                case Sqlite3.TypeBlob:
                    text.Add("X'");
                    text.Hex(row.GetBlob(column));
                    text.Add("'");
                    break;
                default:
                    text.Add("NULL");
                    break;
            }
        }

        private void WriteText(ReadOnlySpan<byte> utf8)
        {
            // The program reads its input by lines, whose "\r\n" it makes "\n", and ends at a NUL; a cast of the bytes says anything.
            if (utf8.ContainsAny((byte)0, (byte)'\r') || !System.Text.Unicode.Utf8.IsValid(utf8))
            {
                var bytesInDatabase = encoding == "UTF-8" ? utf8.ToArray() : InEncoding(utf8);
                text.Add("CAST(X'");
                text.Hex(bytesInDatabase);
                text.Add("' AS TEXT)");
                return;
            }
            text.Add("'");
            while (utf8.IndexOf((byte)'\'') is >= 0 and var quote)
            {
                text.Add(utf8[..(quote + 1)]);
                text.Add("'");
                utf8 = utf8[(quote + 1)..];
            }
            text.Add(utf8);
            text.Add("'");
        }

        // A cast from a blob takes the bytes as being in the database's encoding.
        private byte[] InEncoding(ReadOnlySpan<byte> utf8) =>
            (encoding == "UTF-16be" ? Encoding.BigEndianUnicode : Encoding.Unicode).GetBytes(Encoding.UTF8.GetString(utf8));

        private static string Real(double value)
        {
            if (double.IsInfinity(value))
            {
                return value > 0 ? "1e999" : "-1e999";
            }
            if (value == 0)
            {
                return double.IsNegative(value) ? "-0.0" : "0.0";
            }
            return ExactReal.Write(value);
        }

        private List<string> StoredColumns(string table)
        {
            using var statement = connection.Prepare($"PRAGMA table_xinfo({Sqlite3Connection.Quote(table)})");
            var columns = new List<string>();
            while (statement.Step())
            {
                // Column "hidden" of table_xinfo: 2 and 3 are computed columns, which nobody may insert into.
                if (statement.GetInt64(6) is not (2 or 3))
                {
                    columns.Add(statement.GetText(1) ?? "");
                }
            }
            return columns;
        }

        /// <summary>The name by which the hidden row id can be asked for; null where it is a column already, or there is none.</summary>
        private string? RowIdName(string table, List<string> columns)
        {
            using var info = connection.Prepare($"PRAGMA table_list({Sqlite3Connection.Quote(table)})");
            while (info.Step())
            {
                if (info.GetText(0) == "main" && info.GetInt64(4) == 1)
                {
                    return null; // WITHOUT ROWID.
                }
            }
            using var keys = connection.Prepare($"PRAGMA table_xinfo({Sqlite3Connection.Quote(table)})");
            var keyTypes = new List<string>();
            while (keys.Step())
            {
                if (keys.GetInt64(5) > 0)
                {
                    keyTypes.Add(keys.GetText(2) ?? "");
                }
            }
            return keyTypes is [var type] && type.Equals("INTEGER", StringComparison.OrdinalIgnoreCase)
                ? null
                : Array.Find(["rowid", "_rowid_", "oid"], name => !columns.Contains(name, StringComparer.OrdinalIgnoreCase));
        }

        private static string Literal(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";
    }

    private sealed record SchemaRow(string Type, string Name, string Table, string Sql, long RootPage)
    {
        public bool IsVirtual => Type == "table" && RootPage == 0;
    }
}
