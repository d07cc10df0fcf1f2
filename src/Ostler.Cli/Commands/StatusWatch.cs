using System.Threading.Channels;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Hosting;
using Ostler.Cli.Output;
using Ostler.Cli.Status;
using Ostler.Kubernetes;
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

    private static readonly BackoffOptions Backoff = new() { Initial = TimeSpan.FromSeconds(0.5), Maximum = TimeSpan.FromSeconds(5) };

    private ILister<OSImage>? _images;
    private ServerContact? _contact;

    private TimeProvider Time => commands.Environment.Time;

    /// <returns>The exit code: with a policy when that is Ready or halted; without, when the caller cancels.</returns>
    public async Task<int> RunAsync(IReadOnlyList<UpgradePolicy> first, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        // An informer lists again after whatever breaks off, and goes on after an outage of the API server.
        var informer = new Informer<UpgradePolicy>(
            client, OstlerResources.UpgradePolicies,
                new() { FieldSelector = name is null ? null : $"metadata.name={name}", Backoff = Backoff }, Time);
        informer.AddHandler(_ => changes.Writer.TryWrite(true));
        var images = new Informer<OSImage>(client, OstlerResources.OSImages, new() { Backoff = Backoff }, Time);
        _images = images.Lister;
        _contact = new(async token => await client.GetServerVersionAsync(token), Time);
        Task[] running = [informer.RunAsync(stop.Token), name is null ? Task.CompletedTask : images.RunAsync(stop.Token),
            _contact.RunAsync(() => changes.Writer.TryWrite(true), stop.Token)];
        try
        {
            IReadOnlyList<UpgradePolicy> Current() => informer.HasSynced ? informer.Lister.List() : first;
            return commands.Environment.Terminal ? await DrawAsync(Current, changes.Reader, cancellationToken) : await PrintAsync(Current, changes.Reader, cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(running).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }

    private async Task<int> DrawAsync(Func<IReadOnlyList<UpgradePolicy>> current, ChannelReader<bool> changes, CancellationToken cancellationToken) =>
        await commands.Printer.Console.Live(new Text("")).AutoClear(false).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom).StartAsync(async screen =>
        {
            while (true)
            {
                var policies = current();
                var profile = commands.Printer.Console.Profile;
                screen.UpdateTarget(Printer.Of(Printer.Fit(Text(policies), profile.Width, Math.Max(2, profile.Height - 1))));
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
        Line? silent = null;
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

            var silence = _contact?.Silence;
            if (silence is null != silent is null)
            {
                commands.Printer.Print([new($"{Timestamp.Format(Time.GetUtcNow())} {silence?.Text ?? "The API server answers again."}",
                    silence?.Tone ?? Tone.Plain)]);
            }

            silent = silence;
            if (EndOf(policies) is { } code)
            {
                return code;
            }

            await changes.ReadAsync(cancellationToken);
        }
    }

    private IReadOnlyList<Line> Text(IReadOnlyList<UpgradePolicy> policies)
    {
        // Ages stand still with what they are of.
        var silence = _contact?.Silence;
        var now = _contact is { Silence: not null } contact ? contact.LastAnswer : Time.GetUtcNow();
        IEnumerable<Line> lines = name is null ? PolicyTable.Lines(policies, now, wide)
            : policies.Count == 0 ? [new($"{name} was deleted.")]
            : StatusText.Lines(policies[0], now, wide, _images?.Get(NamespacedName.ClusterScoped(policies[0].Spec.ImageRef.Name)));
        return silence is { } line ? [line, .. lines] : [.. lines];
    }

    private int? EndOf(IReadOnlyList<UpgradePolicy> policies) => name is null ? null
        : policies.Count == 0 ? throw new CommandException($"UpgradePolicy {name} was deleted.")
        : PolicyState.IsReady(policies[0]) ? ExitCode.Ok
        : PolicyState.IsCurrent(policies[0]) && PolicyState.IsHalted(policies[0]) && policies[0].Status!.InFlight is not { Count: > 0 } ? ExitCode.NotReady
        : null;
}
