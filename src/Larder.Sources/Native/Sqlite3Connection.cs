using System.Runtime.InteropServices;
using System.Text;

namespace Larder.Sources.Native;

/// <summary>One connection, for one thread at a time. Failures are <see cref="Sqlite3Exception"/>.</summary>
internal sealed class Sqlite3Connection : IDisposable
{
    private readonly Sqlite3.ConnectionHandle handle;

    private Sqlite3Connection(Sqlite3.ConnectionHandle handle) => this.handle = handle;

    public static string LibraryVersion => Marshal.PtrToStringUTF8(Sqlite3.LibraryVersion()) ?? "";

    public Sqlite3.ConnectionHandle Handle => handle;

    /// <summary>Opens for reading and writing, or for reading where the file may not be written.</summary>
    public static Sqlite3Connection Open(string path) => Open(path, Sqlite3.OpenReadWrite);

    public static Sqlite3Connection Create(string path) => Open(path, Sqlite3.OpenReadWrite | Sqlite3.OpenCreate);

    /// <summary>
    /// Opens a file that nobody writes to. SQLite then takes no lock, looks at no journal or WAL and leaves nothing beside the file;
    /// after this call it needs the name no more.
    /// </summary>
    public static Sqlite3Connection OpenImmutable(string path)
    {
        var escaped = string.Join('/', Path.GetFullPath(path).Split('/').Select(Uri.EscapeDataString));
        return Open($"file:{escaped}?immutable=1", Sqlite3.OpenReadOnly | Sqlite3.OpenUri);
    }

    private static Sqlite3Connection Open(string path, int flags)
    {
        var code = Sqlite3.Open(path, out var handle, flags | Sqlite3.OpenNoMutex | Sqlite3.OpenExtendedResultCodes, 0);
        if (code != Sqlite3.Ok)
        {
            using (handle)
            {
                throw handle.IsInvalid ? Describe(code) : Describe(handle);
            }
        }
        return new Sqlite3Connection(handle);
    }

    public void SetBusyTimeout(TimeSpan timeout) => Sqlite3.BusyTimeout(handle, (int)Math.Min(timeout.TotalMilliseconds, int.MaxValue));

    /// <summary>Ends the statement that runs now, from any thread.</summary>
    public void Interrupt() => Sqlite3.InterruptAll(handle);

    public Sqlite3Statement Prepare(string sql)
    {
        var code = Sqlite3.Prepare(handle, sql, -1, out var statement, 0);
        if (code != Sqlite3.Ok)
        {
            statement.Dispose();
            throw Describe(handle);
        }
        return new Sqlite3Statement(this, statement);
    }

    public void Execute(string sql)
    {
        using var statement = Prepare(sql);
        while (statement.Step())
        {
        }
    }

    /// <summary>The first value of the first row as text; null where there is none.</summary>
    public string? QueryText(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.GetText(0) : null;
    }

    public long QueryInt64(string sql)
    {
        using var statement = Prepare(sql);
        return statement.Step() ? statement.GetInt64(0) : 0;
    }

    /// <summary>A name as SQL text: quoted, with inner quotes doubled.</summary>
    public static string Quote(string name) =>
        new StringBuilder("\"").Append(name).Replace("\"", "\"\"", 1, name.Length).Append('"').ToString();

    public Sqlite3Exception DescribeLastError() => Describe(handle);

    public static Sqlite3Exception Describe(int code) => new(code, Marshal.PtrToStringUTF8(Sqlite3.ErrorText(code)) ?? "unknown error");

    private static Sqlite3Exception Describe(Sqlite3.ConnectionHandle handle) =>
        new(Sqlite3.ExtendedErrorCode(handle), Marshal.PtrToStringUTF8(Sqlite3.ErrorMessage(handle)) ?? "unknown error");

    public void Dispose() => handle.Dispose();
}
