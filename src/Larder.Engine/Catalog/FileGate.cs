using Microsoft.Data.Sqlite;

namespace Larder.Engine.Catalog;

/// <summary>
/// Lets one process at a time pass: an exclusive transaction on an empty database of its own, which nothing is ever written to. So it
/// waits as SQLite does, on every system on which SQLite runs, and the kernel gives the lock up when the process dies.
/// </summary>
internal sealed class FileGate : IDisposable
{
    private readonly SqliteConnection connection;

    private FileGate(SqliteConnection connection) => this.connection = connection;

    /// <summary>
    /// Waits until the gate is free; fails with <see cref="SqliteException"/> when that takes longer than <paramref name="patience"/>.
    /// </summary>
    public static FileGate Enter(string path, TimeSpan patience)
    {
        var gate = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
            DefaultTimeout = (int)patience.TotalSeconds,
        }.ToString());
        try
        {
            gate.Open();
            using var command = gate.CreateCommand();
            command.CommandText = $"PRAGMA busy_timeout = {(int)patience.TotalMilliseconds}; BEGIN EXCLUSIVE;";
            command.ExecuteNonQuery();
            return new FileGate(gate);
        }
        catch
        {
            gate.Dispose();
            throw;
        }
    }

    /// <summary>Closing ends the transaction and gives the lock up.</summary>
    public void Dispose() => connection.Dispose();
}
