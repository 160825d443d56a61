namespace Larder.Engine.Configuration;

/// <summary>One repository: where it is and what opens it.</summary>
public sealed record RepositorySettings
{
    public required string Name { get; init; }

    public required RepositoryLocation Location { get; init; }

    public required Secret Password { get; init; }
}

/// <summary>Where a repository lives.</summary>
public abstract record RepositoryLocation
{
    private protected RepositoryLocation()
    {
    }

    /// <summary>The key that says it in the configuration: <c>path</c>, <c>s3</c>, <c>rest</c>, <c>rclone</c>.</summary>
    public abstract string Kind { get; }
}

/// <param name="Path">Absolute.</param>
public sealed record LocalLocation(string Path) : RepositoryLocation
{
    public override string Kind => "path";
}

public sealed record S3Location : RepositoryLocation
{
    public override string Kind => "s3";

    public required string Endpoint { get; init; }

    public required string Bucket { get; init; }

    public string? Prefix { get; init; }

    public required string Region { get; init; }

    /// <summary>Null: AWS_ACCESS_KEY_ID of the environment; likewise the secret key.</summary>
    public Secret? AccessKey { get; init; }

    public Secret? SecretKey { get; init; }
}

public sealed record RestLocation : RepositoryLocation
{
    public override string Kind => "rest";

    public required string Url { get; init; }

    public string? User { get; init; }

    public Secret? Password { get; init; }
}

/// <param name="Remote">As rclone names it: <c>drive:backups</c>.</param>
/// <param name="Program">The program to start.</param>
public sealed record RcloneLocation(string Remote, string Program) : RepositoryLocation
{
    public override string Kind => "rclone";
}
