namespace Larder.Engine.Doctor;

/// <summary>Examines everything that a backup needs, and says what to do. It changes nothing and never throws but for an
/// interruption.</summary>
public sealed class DoctorRun(DoctorSurroundings surroundings)
{
    public Task<DoctorReport> ExecuteAsync(CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{surroundings} {cancellationToken.IsCancellationRequested}");
}
