using System.Threading.Channels;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Hosting;
using Ostler.Cli.Output;
using Ostler.Cli.Status;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Spectre.Console;

namespace Ostler.Cli.Commands;

/// <summary>Follows policies: redrawn on a terminal, a line for each change elsewhere.</summary>
internal sealed class StatusWatch(CommandRunner commands, ApiClient client, string? name, bool wide)
{
    // Ages and the time that is left go on by themselves.
    private static readonly TimeSpan Redraw = TimeSpan.FromSeconds(1);

    private TimeProvider Time => commands.Environment.Time;

    /// <returns>The exit code: with a policy when that is Ready or halted; without, when the caller cancels.</returns>
    public async Task<int> RunAsync(IReadOnlyList<UpgradePolicy> first, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        // An informer lists again after whatever breaks off, and goes on after an outage of the API server.
        var informer = new Informer<UpgradePolicy>(
            client, OstlerResources.UpgradePolicies, new() { FieldSelector = name is null ? null : $"metadata.name={name}", Backoff = new() { Initial = TimeSpan.FromSeconds(0.5), Maximum = TimeSpan.FromSeconds(5) } }, Time);
        informer.AddHandler(_ => changes.Writer.TryWrite(true));
        var running = informer.RunAsync(stop.Token);
        try
        {
            IReadOnlyList<UpgradePolicy> Current() => informer.HasSynced ? informer.Lister.List() : first;
            return commands.Environment.Terminal ? await DrawAsync(Current, changes.Reader, cancellationToken) : await PrintAsync(Current, changes.Reader, cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            await running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task<int> DrawAsync(Func<IReadOnlyList<UpgradePolicy>> current, ChannelReader<bool> changes, CancellationToken cancellationToken) =>
        await commands.Printer.Console.Live(new Text("")).AutoClear(false).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom).StartAsync(async screen =>
        {
            while (true)
            {
                var policies = current();
                screen.UpdateTarget(Printer.Of(Text(policies)));
                if (EndOf(policies) is { } code)
                {
                    return code;
                }

                await Task.WhenAny(changes.WaitToReadAsync(cancellationToken).AsTask(), Task.Delay(Redraw, Time, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
                changes.TryRead(out _);
            }
        });

    private async Task<int> PrintAsync(Func<IReadOnlyList<UpgradePolicy>> current, ChannelReader<bool> changes, CancellationToken cancellationToken)
    {
        var printed = new Dictionary<string, string>(StringComparer.Ordinal);
        while (true)
        {
            var policies = current();
            foreach (var policy in policies.OrderBy(p => p.Metadata.Name, StringComparer.Ordinal))
            {
                var line = WatchLine.Of(policy);
                if (printed.GetValueOrDefault(policy.Metadata.Name) != line)
                {
                    printed[policy.Metadata.Name] = line;
                    commands.Printer.Print([new($"{Timestamp.Format(Time.GetUtcNow())} {line}", PolicyState.Tone(policy))]);
                }
            }

            if (EndOf(policies) is { } code)
            {
                return code;
            }

            await changes.ReadAsync(cancellationToken);
        }
    }

    private IReadOnlyList<Line> Text(IReadOnlyList<UpgradePolicy> policies) =>
        name is null ? [.. PolicyTable.Lines(policies, Time.GetUtcNow(), wide)]
        : policies.Count == 0 ? [new($"{name} was deleted.")]
        : StatusText.Lines(policies[0], Time.GetUtcNow(), wide);

    private int? EndOf(IReadOnlyList<UpgradePolicy> policies) => name is null ? null
        : policies.Count == 0 ? throw new CommandException($"UpgradePolicy {name} was deleted.")
        : PolicyState.IsReady(policies[0]) ? ExitCode.Ok
        : PolicyState.IsCurrent(policies[0]) && PolicyState.IsHalted(policies[0]) && policies[0].Status!.InFlight is not { Count: > 0 } ? ExitCode.NotReady
        : null;
}
