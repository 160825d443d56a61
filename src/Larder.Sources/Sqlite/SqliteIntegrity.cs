using Larder.Sources.Native;

namespace Larder.Sources.Sqlite;

/// <summary>Asks SQLite whether a database is whole.</summary>
internal static class SqliteIntegrity
{
    /// <returns>The first problems in SQLite's words; empty for a whole database.</returns>
    public static List<string> FindProblems(Sqlite3Connection connection, int atMost)
    {
        try
        {
            return Run(connection, $"PRAGMA integrity_check({atMost})");
        }
        catch (Sqlite3Exception error) when (error.Code == Sqlite3.Error)
        {
            // An index or a constraint uses a function or collation that only the application has. Every table that can be checked still
            // is;
            // the others are read from end to end for their fingerprints, which finds torn pages and broken rows.
            return FindProblemsByTable(connection, atMost);
        }
    }

    private static List<string> FindProblemsByTable(Sqlite3Connection connection, int atMost)
    {
        var problems = new List<string>();
        foreach (var table in ReadTables(connection))
        {
            try
            {
                problems.AddRange(Run(connection, $"PRAGMA integrity_check({Sqlite3Connection.Quote(table)})"));
            }
            catch (Sqlite3Exception error) when (error.Code == Sqlite3.Error)
            {
                continue; // Needs what only the application has.
            }
            if (problems.Count >= atMost)
            {
                break;
            }
        }
        return problems.Count > atMost ? problems[..atMost] : problems;
    }

    private static List<string> ReadTables(Sqlite3Connection connection)
    {
        using var statement = connection.Prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0");
        var names = new List<string>();
        while (statement.Step())
        {
            names.Add(statement.GetText(0) ?? "");
        }
        return names;
    }

    private static List<string> Run(Sqlite3Connection connection, string sql)
    {
        using var statement = connection.Prepare(sql);
        var problems = new List<string>();
        while (statement.Step())
        {
            var line = statement.GetText(0) ?? "";
            if (line != "ok")
            {
                problems.Add(line.ReplaceLineEndings(" "));
            }
        }
        return problems;
    }
}
