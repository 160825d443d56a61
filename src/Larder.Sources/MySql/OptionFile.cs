using System.Globalization;
using System.Text;

namespace Larder.Sources.MySql;

/// <summary>
/// The login in a file that only this user may read, because everybody may read a command line. It stands while one tool needs it, and
/// what a killed process left is removed by the next.
/// </summary>
internal sealed class OptionFile : IDisposable
{
    private const string Prefix = "larder-mysql-";

    private OptionFile(string path) => FullPath = path;

    public string FullPath { get; }

    /// <summary>
    /// The tools' first argument. Not <c>--defaults-extra-file</c>: a <c>.my.cnf</c> of this user would be read after it and win.
    /// </summary>
    public string Argument => $"--defaults-file={FullPath}";

    public static OptionFile Create(MySqlServer server, bool isMariaDb)
    {
        var folder = server.TemporaryFolder ?? Path.GetTempPath();
        RemoveLeftovers(folder);
        var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid():n}"));
        var file = new OptionFile(path);
        try
        {
            using var stream = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            stream.Write(Encoding.UTF8.GetBytes(Render(server, isMariaDb)));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            file.Dispose();
            throw new SourceException(
                SourceError.TargetFailed, $"The login for the tools cannot be written to {folder}: {error.Message}", error);
        }
        return file;
    }

    /// <summary>To be called as soon as the tool has read it, and in any case at the end; harmless when repeated.</summary>
    public void Dispose() => File.Delete(FullPath);

    private static void RemoveLeftovers(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }
        foreach (var path in Directory.EnumerateFiles(folder, Prefix + "*"))
        {
            var owner = Path.GetFileName(path)[Prefix.Length..].Split('-')[0];
            if (owner.All(char.IsAsciiDigit) && !Directory.Exists($"/proc/{owner}"))
            {
                try
                {
                    File.Delete(path);
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException)
                {
                    // Another user's: theirs to remove.
                }
            }
        }
    }

    private static string Render(MySqlServer server, bool isMariaDb)
    {
        var text = new StringBuilder("[client]\n");
        Append("user", server.User);
        Append("password", server.Password);
        if (server.Socket is { } socket)
        {
            Append("protocol", "socket");
            Append("socket", socket);
        }
        else
        {
            Append("protocol", "tcp");
            Append("host", server.Host);
            Append("port", server.Port.ToString(CultureInfo.InvariantCulture));
        }
        Append("ssl-ca", server.AuthorityFile);
        text.Append(RenderTls(server.Tls, isMariaDb));
        return text.ToString();

        void Append(string name, string? value)
        {
            if (value is not null)
            {
                text.Append(name).Append("=\"").Append(Escape(value)).Append("\"\n");
            }
        }
    }

    // The two families took different words for the same thing.
    private static string RenderTls(MySqlTls tls, bool isMariaDb) => (tls, isMariaDb) switch
    {
        (MySqlTls.Disabled, true) => "skip-ssl\n",
        (MySqlTls.Required, true) => "ssl\n",
        (MySqlTls.Verified, true) => "ssl\nssl-verify-server-cert\n",
        (MySqlTls.Disabled, false) => "ssl-mode=DISABLED\n",
        (MySqlTls.Required, false) => "ssl-mode=REQUIRED\n",
        (MySqlTls.Verified, false) => "ssl-mode=VERIFY_IDENTITY\n",
        _ => "",
    };

    private static string Escape(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal)
        .Replace("\r", "\\r", StringComparison.Ordinal)
        .Replace("\t", "\\t", StringComparison.Ordinal);
}
