namespace Larder.Engine.Monitoring.Checks;

/// <summary>What did the last verification of each level and the last drill say?</summary>
internal static class IntegrityCheck
{
    public static IEnumerable<Condition> Of(JobFacts facts)
    {
        var job = facts.Job.Name;
        if (facts.Verifications.Count > 0)
        {
            var failed = facts.Verifications.Where(record => record.Status != "success").ToList();
            yield return new Condition
            {
                Check = "verify",
                Subject = job,
                Job = job,
                Event = AlertEvent.VerifyFailed,
                Level = failed.Count > 0 ? AlertLevel.Error : AlertLevel.Info,
                Title = failed.Count > 0 ? $"{job}: a verification found damage" : $"{job}: backups are whole",
                Message = failed.Count > 0
                    ? $"The last verification of job \"{job}\" by {string.Join(" and ", failed.Select(record => record.Level))} failed, "
                        + $"with {failed.Sum(record => record.Errors)} errors."
                    : $"The last verification of job \"{job}\" found its backups whole.",
                Hint = failed.Count > 0
                    ? $"\"larder verify {job} --level {failed[0].Level}\" shows what is damaged. Keep older backups."
                    : null,
                RunId = failed.Count > 0 ? failed[0].RunId : null,
            };
        }
        if (facts.LastDrill is { } drill)
        {
            yield return new Condition
            {
                Check = "drill",
                Subject = job,
                Job = job,
                Event = AlertEvent.DrillFailed,
                Level = drill.IsSuccess ? AlertLevel.Info : AlertLevel.Error,
                Title = drill.IsSuccess ? $"{job}: a drill restored it" : $"{job}: the last drill failed",
                Message = drill.IsSuccess
                    ? $"The last drill restored a backup of job \"{job}\" and found it as recorded."
                    : $"The last drill of job \"{job}\" failed: it is not proven that its backups can be restored.",
                Hint = drill.IsSuccess
                    ? null
                    : $"\"larder runs --show {drill.RunId[..Math.Min(13, drill.RunId.Length)]}\" tells what failed; "
                        + $"then run \"larder drill {job}\" again.",
                RunId = drill.IsSuccess ? null : drill.RunId,
            };
        }
    }
}
