using System.CommandLine;
using System.CommandLine.Completions;
using Ostler.Cli.Hosting;
using Ostler.Cli.Output;
using Ostler.Cli.Resources;
using Ostler.Kubernetes.Client;

namespace Ostler.Cli.Commands;

/// <summary>Runs what a command does: with a connection where it needs one, and every failure told in a line.</summary>
internal sealed class CommandRunner(CliEnvironment environment, ClusterOptions cluster)
{
    private static readonly TimeSpan CompletionTimeout = TimeSpan.FromSeconds(2);

    public CliEnvironment Environment { get; } = environment;

    public Printer Printer { get; } = new(environment);

    /// <summary>The option -o.</summary>
    public static Option<OutputFormat> OutputOption(params string[] formats)
    {
        var option = new Option<OutputFormat>("--output", "-o")
        {
            Description = $"{string.Join(", ", formats)}. Default: text",
            HelpName = string.Join('|', formats),
            CustomParser = result =>
            {
                var text = result.Tokens is [{ Value: { } value }] ? value : "";
                if (formats.Contains(text) && Enum.TryParse<OutputFormat>(text, ignoreCase: true, out var format))
                {
                    return format;
                }

                result.AddError($"-o {text} is not supported: use {string.Join(", ", formats)}.");
                return default;
            },
        };
        // Not the names of the enumeration, which the parser would offer by itself.
        option.CompletionSources.Clear();
        option.CompletionSources.Add(formats);
        return option;
    }

    /// <summary>The option --show-managed-fields.</summary>
    public static Option<bool> ManagedFieldsOption() =>
        new("--show-managed-fields") { Description = "With -o json or -o yaml: print metadata.managedFields as well" };

    /// <summary>The option --namespace, of the controller.</summary>
    public static Option<string> NamespaceOption() =>
        new("--namespace", "-n")
        {
            Description = "The namespace of the controller",
            HelpName = "NAME",
            DefaultValueFactory = _ =>
            "ostler-system"
        };

    /// <summary>Completes an argument with the names that the cluster has; with nothing, when it does not answer at once.</summary>
    public T CompleteNames<T, TObject>(T argument, ResourceType<TObject> type) where T : Argument where TObject : class
    {
        argument.CompletionSources.Add(NamesOf(type));
        return argument;
    }

    /// <summary>The same for an option.</summary>
    public Option<string?> CompleteNames<TObject>(Option<string?> option, ResourceType<TObject> type) where TObject : class
    {
        option.CompletionSources.Add(NamesOf(type));
        return option;
    }

    /// <summary>Lets a command do something with the cluster.</summary>
    public Command WithCluster(Command command, Func<ParseResult, ApiClient, CancellationToken, Task<int>> run) => With(command, async (arguments, cancel) =>
    {
        using var client = Connect(arguments);
        return await run(arguments, client, cancel);
    });

    public ApiClient Connect(ParseResult arguments) => ClusterConnection.Open(arguments.GetValue(cluster.Kubeconfig), arguments.GetValue(cluster.Context));

    /// <summary>Lets a command do something.</summary>
    public Command With(Command command, Func<ParseResult, CancellationToken, Task<int>> run)
    {
        command.SetAction(async (arguments, cancel) =>
        {
            try
            {
                return await run(arguments, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return ExitCode.Interrupted;
            }
            catch (Exception e)
            {
                var (text, code) = FailureText.Of(e)
                    ?? ($"internal error: {e.GetType().Name}: {e.Message}. Please report it with the command that you ran.",
                    ExitCode.Error);
                await Environment.Error.WriteLineAsync($"error: {text.ReplaceLineEndings(" ")}");
                return code;
            }
        });
        return command;
    }

    private Func<CompletionContext, IEnumerable<CompletionItem>> NamesOf<TObject>(ResourceType<TObject> type) where TObject : class => context =>
    {
        try
        {
            using var deadline = new CancellationTokenSource(CompletionTimeout, Environment.Time);
            using var client = Connect(context.ParseResult);
            return client.ListAsync(type, ListOptions.All, deadline.Token).GetAwaiter().GetResult().Items.Select(i => new CompletionItem(type.MetaOf(i).Name));
        }
        catch (Exception)
        {
            // A shell that waits for a Tab is no place for an error.
            return [];
        }
    };
}
