namespace Larder.Engine.Errors;

/// <summary>
/// What can go wrong in the engine itself. <see cref="ErrorTable"/> gives each its number, exit status, HTTP status and hint.
/// </summary>
public enum EngineError
{
    /// <summary>Something that nobody foresaw: a fault of Larder.</summary>
    Unexpected,

    /// <summary>Somebody asked for the end: Ctrl-C, SIGTERM, a cancelled request.</summary>
    Interrupted,

    /// <summary>An argument or option is not one that the command takes.</summary>
    UsageInvalid,

    /// <summary>A file of this machine, outside of sources and repositories, could not be read or written.</summary>
    LocalFileFailed,

    ConfigurationInvalid,

    ConfigurationNotFound,

    /// <summary>A password file is missing, a password command failed, a variable is not set.</summary>
    SecretUnavailable,

    /// <summary>This version of Larder does not read this kind of source yet.</summary>
    UnsupportedSource,

    /// <summary>This version of Larder does not write to this kind of storage yet.</summary>
    UnsupportedStorage,

    UnknownJob,

    UnknownRepository,

    /// <summary>The job or backup has no source of this name.</summary>
    UnknownSource,

    /// <summary>The backup has no entry or path of this name.</summary>
    UnknownEntry,

    /// <summary>No run has this id.</summary>
    UnknownRun,

    UnknownBackup,

    /// <summary>The name fits several backups.</summary>
    AmbiguousBackupName,

    /// <summary>The text is not in the form of a backup's name.</summary>
    BackupNameInvalid,

    JobAlreadyRunning,

    /// <summary>Another process serves the same state directory.</summary>
    ServiceAlreadyRunning,

    /// <summary>The job's sources, or those selected, hand over nothing at all.</summary>
    NothingToBackUp,

    /// <summary>What was written could not be read back as it was.</summary>
    ReadBackFailed,

    HookFailed,

    /// <summary>The command changes or removes data and was not confirmed.</summary>
    ConfirmationMissing,

    /// <summary>Something that must be so before the work begins is not so.</summary>
    PrerequisiteFailed,

    /// <summary>The backup is pinned and may not be removed.</summary>
    BackupPinned,

    /// <summary>It is the last good backup of its job and is not removed by the way.</summary>
    LastGoodBackup,

    /// <summary>The command that stops, starts or asks the service failed.</summary>
    ServiceFailed,

    /// <summary>A restore failed after it had begun to change things, and what stood before is live again.</summary>
    RestoreUndone,

    /// <summary>A restore neither ended nor could all of what stood before be put back.</summary>
    RestoreStuck,

    /// <summary>There is no restore that could be undone, or not this one.</summary>
    NothingToRollBack,

    VerificationFoundDamage,

    /// <summary>A drill could not be done, so nothing is known of the backup.</summary>
    DrillImpossible,

    /// <summary>What was restored in a drill does not fulfil an assertion of the job.</summary>
    AssertionFailed,

    /// <summary>A file of evidence was not signed by this installation, or was changed.</summary>
    EvidenceNotGenuine,

    /// <summary>A backup's <c>manifest.json</c> is missing or is not a manifest.</summary>
    ManifestInvalid,

    /// <summary>A backup's <c>manifest.json</c> was written by a newer Larder.</summary>
    ManifestTooNew,

    /// <summary>No alert of the configuration has a channel of this name.</summary>
    UnknownChannel,

    /// <summary>The catalog cannot be opened or written at the moment.</summary>
    CatalogUnavailable,

    /// <summary>The catalog was written by a newer Larder.</summary>
    CatalogTooNew,

    /// <summary>The catalog's file is no longer a sound database.</summary>
    CatalogDamaged,

    /// <summary>A user's name or password will not do, or the name is taken.</summary>
    UserInvalid,

    UnknownUser,

    /// <summary>Without this user nobody could give roles any more.</summary>
    LastOwner,

    /// <summary>A token of this kind cannot be made.</summary>
    TokenInvalid,

    UnknownToken,

    /// <summary>The link for the first owner was used, is over, or never was one.</summary>
    OwnerLinkInvalid,

    /// <summary>The audit log is not as it was written.</summary>
    AuditBroken,

    /// <summary>The request does not say who makes it, or not in a way that is believed.</summary>
    NotAuthenticated,

    /// <summary>Name and password do not fit, or are not looked at for a while.</summary>
    LoginRefused,

    /// <summary>The role or the token's scope or jobs do not allow it.</summary>
    NotAllowed,

    /// <summary>A change that may have been sent by another page than Larder's.</summary>
    ForgedRequest,

    TooManyRequests,

    /// <summary>A second person must agree first.</summary>
    SecondPersonNeeded,

    UnknownApproval,

    /// <summary>An Idempotency-Key was used for another request before.</summary>
    IdempotencyConflict,

    /// <summary>Only where the job says that the local database is primary.</summary>
    LocalModeNeeded,

    /// <summary>There is nothing under this address of the API.</summary>
    UnknownAddress,

    /// <summary>The request is too large, too slow, or not HTTP as it should be.</summary>
    RequestRefused,

    /// <summary>A sign-in by way of the identity provider is not believed, or the person is not let in.</summary>
    SignInRefused,

    /// <summary>The identity provider does not answer, or not as OpenID Connect has it.</summary>
    IdentityProviderFailed,
}
