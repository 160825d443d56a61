using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Larder.Engine.Catalog;

/// <summary>
/// Joins Microsoft.Data.Sqlite to the system's libsqlite3, which gets the distribution's security updates and exists for every
/// architecture.
/// </summary>
internal static class SystemSqlite
{
    private static readonly Lazy<bool> Joined = new(Join);

    public static void EnsureJoined() => _ = Joined.Value;

    private static bool Join()
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        return true;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != "e_sqlite3")
        {
            return 0;
        }
        foreach (var candidate in new[] { "libsqlite3.so.0", "libsqlite3.so", "libsqlite3.dylib" })
        {
            if (NativeLibrary.TryLoad(candidate, out var handle))
            {
                return handle;
            }
        }
        return 0; // The runtime then says which library it did not find.
    }
}
