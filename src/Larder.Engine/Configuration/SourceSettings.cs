namespace Larder.Engine.Configuration;

/// <summary>One source of a job, as the configuration says it.</summary>
public abstract record SourceSettings
{
    private protected SourceSettings()
    {
    }

    public required string Name { get; init; }

    /// <summary>
    /// The key that says the kind: <c>postgresql</c>, <c>mongodb</c>, <c>mysql</c>, <c>sqlite</c>, <c>files</c>, <c>command</c>.
    /// </summary>
    public abstract string Engine { get; }

    /// <summary>Whether it is a database, for `--db-only`; `files` is code, for `--code-only`.</summary>
    public virtual bool IsDatabase => true;

    /// <summary>The longest that this source may take; null for no bound but the job's.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>Where a database server is: either a URL or its parts.</summary>
public sealed record DatabaseServer
{
    public Secret? Url { get; init; }

    /// <summary>A name, an address, or the folder of a socket; null where there is a URL.</summary>
    public string? Host { get; init; }

    /// <summary>Null: the engine's own.</summary>
    public int? Port { get; init; }

    public string? User { get; init; }

    public Secret? Password { get; init; }
}

/// <summary>Which databases of a server: one, some, all, or (all three unset) the one that the URL names.</summary>
public sealed record DatabaseSelection
{
    public IReadOnlyList<string> Names { get; init; } = [];

    public bool All { get; init; }
}

public sealed record PostgreSqlSourceSettings : SourceSettings
{
    public override string Engine => "postgresql";

    public required DatabaseServer Server { get; init; }

    public required DatabaseSelection Databases { get; init; }

    /// <summary>Roles and tablespaces too.</summary>
    public bool Globals { get; init; } = true;

    public IReadOnlyList<string> Exclude { get; init; } = [];
}

public sealed record MongoDbSourceSettings : SourceSettings
{
    public override string Engine => "mongodb";

    public required Secret Url { get; init; }

    public required DatabaseSelection Databases { get; init; }

    public IReadOnlyList<string> Exclude { get; init; } = [];

    public required string ReadPreference { get; init; }
}

public sealed record MySqlSourceSettings : SourceSettings
{
    public override string Engine => "mysql";

    public required DatabaseServer Server { get; init; }

    public required DatabaseSelection Databases { get; init; }

    public IReadOnlyList<string> Exclude { get; init; } = [];
}

public sealed record SqliteSourceSettings : SourceSettings
{
    public override string Engine => "sqlite";

    /// <summary>Absolute.</summary>
    public required string Path { get; init; }
}

public sealed record FilesSourceSettings : SourceSettings
{
    public override string Engine => "files";

    public override bool IsDatabase => false;

    /// <summary>Absolute; at least one.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>Patterns as in .gitignore, in order: a later one wins.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];
}

public sealed record CommandSourceSettings : SourceSettings
{
    public override string Engine => "command";

    public override bool IsDatabase => false;

    /// <summary>For /bin/sh.</summary>
    public required string Run { get; init; }

    /// <summary>What its output is called in the backup.</summary>
    public required string OutputName { get; init; }
}
