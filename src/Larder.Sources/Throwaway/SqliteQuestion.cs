using Larder.Sources.Native;

namespace Larder.Sources.Throwaway;

/// <summary>Asks a restored SQLite file.</summary>
public static class SqliteQuestion
{
    /// <summary>Fails with <see cref="SourceException"/>: <see cref="SourceError.ToolFailed"/> where it cannot be asked.</summary>
    /// <param name="path">A closed file that nobody writes to.</param>
    /// <param name="sql">A question that should answer one true value.</param>
    /// <returns>Null where the answer is true; otherwise what it is instead, to follow "it answered".</returns>
    public static Task<string?> AskAsync(string path, string sql, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            try
            {
                using var connection = Sqlite3Connection.OpenImmutable(path);
                using var interruption = cancellationToken.Register(connection.Interrupt);
                using var statement = connection.Prepare(sql);
                var rows = new List<string?>();
                while (rows.Count < Answer.RowsMax && statement.Step())
                {
                    rows.Add(statement.ColumnCount != 1 ? Answer.SeveralColumns : statement.GetText(0));
                }
                return Answer.Judge(rows);
            }
            catch (Sqlite3Exception error)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw new SourceException(SourceError.ToolFailed, $"The question cannot be answered: {error.Message}", error);
            }
        },
        cancellationToken);
}
