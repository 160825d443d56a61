using Larder.Repository.Crypto;

namespace Larder.Repository;

/// <summary>Who opens a repository, and by which clock.</summary>
public sealed record RepositoryOptions
{
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public string Hostname { get; init; } = Environment.MachineName;

    public string Username { get; init; } = Environment.UserName;

    /// <summary>What a new key file costs to open.</summary>
    public ScryptCost KeyCost { get; init; } = ScryptCost.Default;

    /// <summary>How long to wait for somebody else's lock before giving up.</summary>
    public TimeSpan LockWait { get; init; } = TimeSpan.Zero;
}
