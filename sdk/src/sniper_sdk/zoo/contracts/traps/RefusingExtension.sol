// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Refuses every transfer, as an extension of a token.
contract RefusingExtension {
    function beforeTransfer(address, address) external pure {
        revert("no");
    }
}
