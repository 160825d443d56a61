namespace Larder.Sources.MySql;

/// <summary>How the connection to the server is protected, in the words of MySQL's own <c>ssl-mode</c>.</summary>
public enum MySqlTls
{
    /// <summary>As the tools of this machine do by themselves.</summary>
    Default,

    Disabled,

    /// <summary>Encrypted or not at all; the certificate is not looked at.</summary>
    Required,

    /// <summary>Encrypted, and the certificate must come from a known authority and name the host.</summary>
    Verified,
}

/// <summary>Which server, and how to log in there.</summary>
public sealed record MySqlServer
{
    public string Host { get; init; } = "localhost";

    public int Port { get; init; } = 3306;

    /// <summary>A Unix socket instead of host and port.</summary>
    public string? Socket { get; init; }

    /// <summary>The account; null is the one of the operating system, which servers let in through their socket.</summary>
    public string? User { get; init; }

    /// <summary>Given to the tools in a file that only this user may read.</summary>
    public string? Password { get; init; }

    public MySqlTls Tls { get; init; }

    /// <summary>A file with the authorities that are believed, for <see cref="MySqlTls.Verified"/>; null is the system's.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>The folder of the tools (<c>mariadb</c>, <c>mariadb-dump</c>, <c>mysql</c>, <c>mysqldump</c>); null is PATH.</summary>
    public string? ToolFolder { get; init; }

    /// <summary>Where the file with the password stands while a tool runs; null is the system's folder for temporary files.</summary>
    public string? TemporaryFolder { get; init; }

    /// <summary>For people: no account, no secret.</summary>
    public override string ToString() => Socket ?? $"{(Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host)}:{Port}";
}

/// <summary>What to back up of a MySQL or MariaDB server.</summary>
public sealed record MySqlSettings
{
    public required MySqlServer Server { get; init; }

    /// <summary>The databases; empty means all but the server's own.</summary>
    public IReadOnlyList<string> Databases { get; init; } = [];

    /// <summary>
    /// What to leave out: <c>database</c>, <c>database.table</c> or <c>table</c> where one database is backed up; <c>*</c> and <c>?</c>
    /// stand for any.
    /// </summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Whether accounts and their rights are backed up too, where the account may read them.</summary>
    public bool Users { get; init; } = true;

    /// <summary>From the start of the dump to its end; null waits for ever.</summary>
    public TimeSpan? Timeout { get; init; }
}
