namespace Larder.Engine.Maintenance;

/// <summary>How many locks were removed.</summary>
public sealed record UnlockReport
{
    public required IReadOnlyList<UnlockedRepository> Repositories { get; init; }

    public int Removed => Repositories.Sum(repository => repository.Removed);

    public string ToJson() => MaintenanceJson.Write(this);
}

public sealed record UnlockedRepository(string Repository, int Removed);
