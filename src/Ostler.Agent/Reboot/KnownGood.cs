using System.Text.Json;
using System.Text.Json.Serialization;
using Ostler.Agent.Host;
using Ostler.Agent.Logging;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Reboot;

/// <summary>
/// Keeps the tree that worked while its successor is on trial: pinned, no tool cleans it up, whatever else is staged meanwhile or however
/// little room /boot has.
/// </summary>
/// <remarks>
/// What it pinned is written down on the host before, so that it takes back its own pins and no one else's. It does so when the order has
/// come to its end: the new tree is verified, or the former one runs again.
/// </remarks>
internal sealed class KnownGood(HostFiles files, AgentLog log)
{
    public const string Path = "/var/lib/ostler/known-good.json";

    /// <summary>Pins what runs, unless somebody did.</summary>
    /// <param name="uid">The NodeOS whose order puts its successor on trial; null: a user's.</param>
    /// <param name="backend">Pins it.</param>
    /// <param name="booted">What runs.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task KeepAsync(string? uid, IHostBackend backend, HostDeployment booted, CancellationToken cancellationToken)
    {
        if (booted.Pinned)
        {
            return;
        }

        files.Write(Path, JsonSerializer.Serialize(PinnedDeployment.Of(uid, booted), KnownGoodJson.Default.PinnedDeployment));
        await backend.PinAsync(booted, pinned: true, cancellationToken);
    }

    /// <summary>
    /// Takes the pin back when nothing depends on it any more, and cleans up. What goes wrong is tried again with the next pass: it holds
    /// up nothing.
    /// </summary>
    /// <returns>Whether it did: the list of deployments is another one then.</returns>
    public async Task<bool> ReleaseAsync(NodeOS os, IHostBackend backend, HostDeployments deployments, CancellationToken cancellationToken)
    {
        if (!NodeOrder.IsAtRest(os.Spec) || Read() is not { } record
            || !NodeOrder.ReleasesPrevious(os.Metadata.Uid!, os.Spec, record, deployments.Booted))
        {
            return false;
        }

        try
        {
            if (deployments.All.FirstOrDefault(d => d.Commit == record.Commit && d.Serial == record.Serial) is { Pinned: true } kept)
            {
                await backend.PinAsync(kept, pinned: false, cancellationToken);
            }

            await backend.CleanUpAsync(cancellationToken);
            files.Delete(Path);
            return true;
        }
        catch (HostToolException failure)
        {
            log.Warning(failure.Reason, $"The pin of the previous deployment stays for now: {failure.Message}");
            return false;
        }
    }

    /// <summary>A damaged record counts as none: a pin too many costs room, and a person can see and undo it.</summary>
    private PinnedDeployment? Read() => RecordFile.Read(files, Path, KnownGoodJson.Default.PinnedDeployment);
}

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PinnedDeployment))]
internal sealed partial class KnownGoodJson : JsonSerializerContext;
