using System.Text.Json.Serialization;
using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Hosts.Facts;

/// <summary>How far the watchdog has come. There is no word for disarmed: then there is no record.</summary>
public enum WatchdogState
{
    /// <summary>The tree is on trial, or about to be.</summary>
    Armed,

    /// <summary>Its time was up: the host is being told to go back. Not done yet, as far as is known.</summary>
    Firing,

    /// <summary>The next boot was made the former tree's. Written before that boot is ordered; never acted upon in another boot.</summary>
    Fired,
}

/// <summary>
/// What the host's watchdog goes by, in /var because it must be there in every deployment. Written by the agent before it lets a new tree
/// boot, and by the watchdog itself before each thing that it does.
/// </summary>
public sealed record WatchdogRecord
{
    /// <summary>
    /// The watchdog and the agent that reads of it may be of different versions: what the one does not know, it leaves alone.
    /// </summary>
    public const int KnownFormat = 1;

    public int Format { get; init; } = KnownFormat;
    public required string NodeUid { get; init; }
    public required long Attempt { get; init; }

    /// <summary>The tree on trial, and its OSTree commit.</summary>
    public required string Target { get; init; }
    public required string TargetCommit { get; init; }

    /// <summary>Where the host goes back to.</summary>
    public required string Previous { get; init; }
    public required string PreviousCommit { get; init; }

    /// <summary>The tool that laid both down.</summary>
    public required string Backend { get; init; }

    /// <summary>The boot in which it was armed, and in which it must not fire.</summary>
    public required string ArmedIn { get; init; }
    public required DateTimeOffset ArmedAt { get; init; }

    /// <summary>How long after a boot of the target, in seconds, the agent must have disarmed it.</summary>
    public required long TimeoutSeconds { get; init; }

    public WatchdogState State { get; init; }

    /// <summary>The boot in which its time was up, when that was, and how long after the boot.</summary>
    public string? FiredIn { get; init; }
    public DateTimeOffset? FiredAt { get; init; }
    public long FiredUptimeSeconds { get; init; }

    /// <summary>Since when all checks of the host pass in the boot on trial; null: they do not, or the agent has not run them.</summary>
    public DateTimeOffset? ChecksPassSince { get; init; }

    /// <summary>Since when the agent cannot tell the API server so; null: it could, or had nothing to tell.</summary>
    public DateTimeOffset? ApiUnreachableSince { get; init; }

    /// <summary>Why going back did not work; it is tried again. Null: it did, or is under way.</summary>
    public string? Error { get; init; }

    /// <summary>Whether nothing but the way to the API server was missing: that is no fault of the target.</summary>
    [JsonIgnore]
    public bool LackedOnlyApi => ChecksPassSince is not null && ApiUnreachableSince is not null;

    [JsonIgnore]
    public TimeSpan Timeout => TimeSpan.FromSeconds(TimeoutSeconds);

    /// <summary>Armed for a tree that is about to be booted.</summary>
    /// <param name="trial">Who ordered the boot, and how long it has.</param>
    /// <param name="backend">The tool that laid down both trees.</param>
    /// <param name="booted">What runs.</param>
    /// <param name="target">What the next boot runs.</param>
    /// <param name="boot">The present boot.</param>
    /// <param name="now">By the host's clock.</param>
    public static WatchdogRecord Arm(
        WatchdogTrial trial, string backend, HostDeployment booted, HostDeployment target, HostBoot boot, DateTimeOffset now) => new()
        {
            NodeUid = trial.NodeUid,
            Attempt = trial.Attempt,
            Target = target.Digest,
            TargetCommit = target.Commit,
            Previous = booted.Digest,
            PreviousCommit = booted.Commit,
            Backend = backend,
            ArmedIn = boot.BootID,
            ArmedAt = now,
            TimeoutSeconds = (long)Math.Ceiling(trial.Timeout.TotalSeconds),
        };

    /// <summary>The time was up in this boot: written before anything is done about it.</summary>
    /// <param name="bootID">The present boot.</param>
    /// <param name="uptime">How long it has lasted.</param>
    /// <param name="now">By the host's clock.</param>
    public WatchdogRecord Fire(string bootID, TimeSpan uptime, DateTimeOffset now) => this with
    {
        State = WatchdogState.Firing,
        FiredIn = bootID,
        FiredAt = now,
        FiredUptimeSeconds = Math.Max(0, (long)uptime.TotalSeconds),
        Error = null,
    };

    /// <summary>
    /// With what was found in the boot on trial: when the time is up, that tells an image that is not healthy from an API server that could
    /// not be reached. Unchanged when nothing is on trial in this boot, or nothing is new.
    /// </summary>
    /// <param name="bootID">The present boot.</param>
    /// <param name="checksPass">Whether all checks of the host pass.</param>
    /// <param name="apiUnreachable">Whether the API server could not be told.</param>
    /// <param name="now">By the host's clock.</param>
    public WatchdogRecord Note(string bootID, bool checksPass, bool apiUnreachable, DateTimeOffset now) =>
        State != WatchdogState.Armed || ArmedIn == bootID ? this : this with
        {
            ChecksPassSince = checksPass ? ChecksPassSince ?? now : null,
            ApiUnreachableSince = apiUnreachable ? ApiUnreachableSince ?? now : null,
        };

    /// <summary>Whether this speaks of the spec's own attempt.</summary>
    public bool Answers(string uid, NodeOSSpec spec) => NodeUid == uid && Attempt == spec.Attempt && Target == spec.Image?.Digest;

    /// <summary>
    /// Its time was up in this boot and the host is going back: nobody else should touch it. Not so when going back failed.
    /// </summary>
    public bool IsGoingBackIn(string bootID) => State is WatchdogState.Firing or WatchdogState.Fired && FiredIn == bootID && Error is null;

    /// <summary>Whether it took the host back from its target.</summary>
    public bool TookBack(HostDeployment booted) => State is WatchdogState.Firing or WatchdogState.Fired && booted.Digest == Previous;
}

/// <summary>A tree on trial.</summary>
/// <param name="NodeUid">The NodeOS that ordered it; of a user's order, a word that no NodeOS is called.</param>
/// <param name="Attempt">Of the order.</param>
/// <param name="Timeout">How long after the boot it must have been called healthy.</param>
public sealed record WatchdogTrial(string NodeUid, long Attempt, TimeSpan Timeout)
{
    /// <summary>
    /// In the place of the NodeOS, for what a user ordered on the host: the agent's way to the API server is all the evidence that it
    /// needs.
    /// </summary>
    public const string Console = "console";
}

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(WatchdogRecord))]
public sealed partial class WatchdogJson : JsonSerializerContext;
