// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

interface ITransferReceiver {
    function onTransferReceived(address operator, address from, uint256 value, bytes calldata data)
        external
        returns (bytes4);
}

/// Honest: `transferAndCall` lets the receiver answer in the same transaction (ERC-1363).
contract TransferAndCall is StandardToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    function transferAndCall(address to, uint256 value, bytes calldata data) external returns (bool) {
        transfer(to, value);
        bytes4 answer = ITransferReceiver(to).onTransferReceived(msg.sender, msg.sender, value, data);
        require(answer == ITransferReceiver.onTransferReceived.selector, "not accepted");
        return true;
    }
}
